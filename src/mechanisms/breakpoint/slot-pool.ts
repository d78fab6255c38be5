import type { Address } from '../../bytes/address.js'
import type { MemoryRange } from '../../target/memory.js'
import type { Host } from '../../trampolines/host.js'
import type { PlantedSite } from './planted-site.js'
import { slotCopy } from './slot-copy.js'
import { type Slot, type SlotCopy, Slots } from './slots.js'

/** All slots of a target, an area's after the other: a thread goes through one that is near its site. */
export class SlotPool {
  private readonly areas = new Map<Address, Slots>()

  constructor(private readonly host: Host) {}

  add(spares: readonly MemoryRange[]): void {
    for (const spare of spares) this.areas.set(spare.start, new Slots(spare))
  }

  remove(spares: readonly MemoryRange[]): void {
    for (const { start } of spares) this.areas.delete(start)
  }

  /** A slot from which the site's copy reaches what it has to. Undefined while all of those are taken. */
  take(tid: number, planted: PlantedSite): { readonly slot: Slot; readonly copy: SlotCopy } | undefined {
    const site = planted.site.address
    for (const slots of this.areas.values()) {
      const slot = slots.take(tid, site)
      if (slot === undefined) continue
      const copy = slot.site === site ? slot.copy : slotCopy(this.host.arch, planted, slot.address)
      if (copy !== undefined) return { slot, copy }
      this.release(slot)
    }
    return undefined
  }

  release(slot: Slot): void {
    slot.tid = undefined
  }

  /** The slot around an address, while a thread is on its way through it. */
  around(rip: Address): Slot | undefined {
    for (const slots of this.areas.values()) {
      const slot = slots.around(rip)
      if (slot !== undefined) return slot
    }
    return undefined
  }
}
