import { type Address, offsetBy } from '../../bytes/address.js'
import type { MemoryRange } from '../../target/memory.js'

/** More than any instruction's copy with the jump behind it takes. */
export const SLOT_SIZE = 64

/** A place in the area for one out-of-line copy. */
export interface Slot {
  readonly address: Address
  /** Thread that is inside. */
  tid: number | undefined
  /** Site whose copy it holds. */
  site: Address | undefined
  /** Undefined as long as there is no site. */
  copy: SlotCopy | undefined
}

/** What a slot holds for a site. */
export interface SlotCopy {
  readonly bytes: Uint8Array
  /** Length of the displaced instruction's copy, without the jump back. */
  readonly body: number
}

/** The slots of one area: a thread takes one that holds its site's copy already, else any that nobody is in. */
export class Slots {
  private readonly slots: readonly Slot[]

  constructor({ start, size }: MemoryRange) {
    this.slots = Array.from({ length: Math.floor(size / SLOT_SIZE) }, (_, index) => ({
      address: offsetBy(start, index * SLOT_SIZE),
      tid: undefined,
      site: undefined,
      copy: undefined,
    }))
  }

  /** Undefined while there is a thread in every slot. */
  take(tid: number, site: Address): Slot | undefined {
    const free = this.slots.filter((slot) => slot.tid === undefined)
    const slot = free.find((each) => each.site === site) ?? free.find((each) => each.site === undefined) ?? free[0]
    if (slot !== undefined) slot.tid = tid
    return slot
  }

  /** The slot that begins at an address, while a thread is on its way through it. */
  at(address: Address): Slot | undefined {
    return this.slots.find((slot) => slot.address === address && slot.tid !== undefined)
  }

  release(slot: Slot): void {
    slot.tid = undefined
  }
}
