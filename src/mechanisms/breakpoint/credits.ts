import type { Address } from '../../bytes/address.js'

/** A hit that has been reported, of an instruction that a signal has kept from being executed. */
interface Credit {
  readonly site: Address
  readonly rsp: bigint
}

/** Handlers that never return leave their credits behind: the oldest go. */
const MOST = 64

/**
 * A signal may come between a hit and the instruction: its handler returns to the site, and the thread takes the int3
 * again. That is the same hit, told by thread, site and stack pointer.
 */
export class Credits {
  private readonly byThread = new Map<number, Credit[]>()

  give(tid: number, site: Address, rsp: bigint): void {
    const credits = this.byThread.get(tid) ?? []
    credits.push({ site, rsp })
    if (credits.length > MOST) credits.shift()
    this.byThread.set(tid, credits)
  }

  /** @returns whether this hit has been reported already. */
  take(tid: number, site: Address, rsp: bigint): boolean {
    const credits = this.byThread.get(tid)
    if (credits === undefined) return false
    const at = credits.findLastIndex((credit) => credit.site === site && credit.rsp === rsp)
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
