import type { Address } from '../../bytes/address.js'
import { Registers } from '../../target/registers.js'

/** A hit that has been reported, of an instruction that a signal has kept from being executed. */
interface Credit {
  readonly site: Address
  /** struct user_regs_struct, without what a signal handler’s return changes. */
  readonly registers: Buffer
}

/** Handlers that never return leave their credits behind: the oldest go. */
const MOST = 64

/** The resume flag, which a fault sets. */
const RF = 0x1_0000n

/**
 * A signal may come between a hit and the instruction: its handler returns to the site, and the thread takes the int3
 * again. That is the same hit, told by thread, site and registers: with others, the handler has gone on elsewhere, and the
 * thread has come once more.
 */
export class Credits {
  private readonly byThread = new Map<number, Credit[]>()

  give(tid: number, site: Address, registers: Registers): void {
    const credits = this.byThread.get(tid) ?? []
    credits.push({ site, registers: comparable(registers) })
    if (credits.length > MOST) credits.shift()
    this.byThread.set(tid, credits)
  }

  /** @returns whether this hit has been reported already. */
  take(tid: number, site: Address, registers: Registers): boolean {
    const credits = this.byThread.get(tid)
    if (credits === undefined) return false
    const now = comparable(registers)
    const at = credits.findLastIndex((credit) => credit.site === site && credit.registers.equals(now))
    if (at < 0) return false
    // What was given after it belongs to frames that are gone.
    credits.length = at
    if (at === 0) this.byThread.delete(tid)
    return true
  }

  forget(tid: number): void {
    this.byThread.delete(tid)
  }
}

function comparable({ bytes }: Registers): Buffer {
  const copy = new Registers(Buffer.from(bytes))
  copy.set('rip', 0n)
  copy.set('orig_rax', 0n)
  copy.set('eflags', copy.get('eflags') & ~RF)
  return copy.bytes
}
