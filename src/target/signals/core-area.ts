import { type Address, address, offsetBy } from '../../bytes/address.js'
import type { ResidentPlaces } from '../../codegen/x64/signals/resident-code.js'
import { serviceFrame } from '../../codegen/x64/signals/service-listing.js'
import type { VirtualSignals } from '../../codegen/x64/signals/virtual-signals.js'
import type { InstalledArea } from '../installation.js'
import type { Memory } from '../memory.js'
import { isRegisterName } from '../registers.js'
import type { ThreadState } from '../thread-state.js'

const SYSCALL_LENGTH = 2

/** The area with the resident handlers and the service, in the target. */
export class CoreArea {
  private constructor(
    readonly area: InstalledArea,
    readonly virtual: VirtualSignals,
    readonly places: ResidentPlaces,
  ) {}

  /** Undefined for any other area. */
  static of(area: InstalledArea): CoreArea | undefined {
    return area.signals?.kind === 'core' ? new CoreArea(area, area.signals.virtual, area.signals.places) : undefined
  }

  at(offset: number): Address {
    return offsetBy(this.area.start, offset)
  }

  holds(rip: Address): boolean {
    return this.area.start <= rip && rip < offsetBy(this.area.start, this.area.size)
  }

  /** Whether a thread there can be brought back to the program's own code at once. */
  canLeave(rip: Address): boolean {
    return this.isWithin(rip, this.places.rewind) || this.isWithin(rip, this.places.forward)
  }

  private isWithin(rip: Address, { from, to }: { readonly from: number; readonly to: number }): boolean {
    return this.at(from) <= rip && rip <= this.at(to)
  }

  /**
   * Brings a thread that `canLeave` back to its `syscall`, with the registers that it came with, or behind that if the call
   * has been made. The program's text must be its own there.
   */
  leave(memory: Memory, state: ThreadState): void {
    const made = this.isWithin(state.resumesAt, this.places.forward)
    const isRestarting = state.resumesAt !== state.get('rip')
    const base = state.get('rbp')
    const frame = memory.read(address(base), serviceFrame.size)
    for (const { name, offset } of serviceFrame.registers) {
      if (!isRegisterName(name) || (name === 'rax' && (made || isRestarting))) continue
      state.set(name, frame.readBigUInt64LE(offset))
    }
    const next = address(frame.readBigUInt64LE(serviceFrame.next))
    state.set('eflags', frame.readBigUInt64LE(serviceFrame.eflags))
    state.set('rsp', base + BigInt(serviceFrame.size))
    state.moveTo(made ? next : offsetBy(next, -SYSCALL_LENGTH))
    state.commit()
  }

  isLive(memory: Memory): boolean {
    return memory.read(this.at(this.places.live), 8).readBigUInt64LE() !== 0n
  }

  setLive(memory: Memory, live: boolean): void {
    this.setWord(memory, this.places.live, live ? 1n : 0n)
  }

  setWord(memory: Memory, offset: number, value: bigint): void {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(value)
    memory.write(this.at(offset), bytes)
  }
}
