import { type Address, offsetBy } from '../../bytes/address.js'
import type { MemoryRange } from '../../target/memory.js'

/** More than any instruction's copy with a trap and the jump back behind it takes. */
export const SLOT_SIZE = 64
/** Where the trap is that ends a copy, so that there is room for the longest jump behind it. */
export const TRAP_AT = 48

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
  readonly start: Address
  /** Behind the displaced instruction's copy. */
  readonly end: Address
  /** Where the program goes on from there. */
  readonly behind: Address
  /** A trap stands at the end: the thread needs no single step. */
  readonly endsInTrap: boolean
}

/** Offsets of the traps in so many slots. */
export function trapsOfSlots(slots: number): number[] {
  return Array.from({ length: slots }, (_, index) => index * SLOT_SIZE + TRAP_AT)
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

  /** The slot around an address, while a thread is on its way through it. */
  around(address: Address): Slot | undefined {
    return this.slots.find(
      (slot) => slot.tid !== undefined && address >= slot.address && address < offsetBy(slot.address, SLOT_SIZE),
    )
  }
}
