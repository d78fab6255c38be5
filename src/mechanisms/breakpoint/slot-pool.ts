import { type Address, offsetBy } from '../../bytes/address.js'
import { isRefusal } from '../../refusal/refusal.js'
import type { MemoryRange } from '../../target/memory.js'
import type { Host } from '../../trampolines/host.js'
import { relocateWithJumpBack } from '../../trampolines/plan-trampolines.js'
import type { PlantedSite } from './planted-site.js'
import { SLOT_SIZE, type Slot, type SlotCopy, Slots } from './slots.js'

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

  /**
   * A slot from which the site's copy reaches what it has to. Undefined while all of those are taken, and for an instruction
   * that several stand for: a signal in their middle would have to be shown an address that there is not.
   */
  take(tid: number, { site, served }: PlantedSite): { readonly slot: Slot; readonly copy: SlotCopy } | undefined {
    for (const slots of this.areas.values()) {
      const slot = slots.take(tid, site.address)
      if (slot === undefined) continue
      const copy = slot.site === site.address ? slot.copy : this.copyFor(served, slot.address)
      if (copy !== undefined) return { slot, copy }
      slots.release(slot)
    }
    return undefined
  }

  release(slot: Slot): void {
    slot.tid = undefined
  }

  /** Where a thread that has not executed a slot's copy yet would be without it. */
  originalOf(rip: Address): Address | undefined {
    for (const slots of this.areas.values()) {
      const slot = slots.at(rip)
      if (slot !== undefined) return slot.site
    }
    return undefined
  }

  private copyFor(served: PlantedSite['served'], slot: Address): SlotCopy | undefined {
    const code = relocateWithJumpBack(this.host.arch, served, slot)
    if (isRefusal(code) || code.bytes.length > SLOT_SIZE || code.exits.length > 0) return undefined
    const { displacedLength, fallsThrough } = served.analysis
    const end = fallsThrough ? code.points.find(({ original }) => original === displacedLength) : undefined
    return { bytes: code.bytes, body: end?.relocated ?? code.bytes.length }
  }
}

/** Behind a site's instruction. */
export function behind({ site, served }: PlantedSite): Address {
  return offsetBy(site.address, served.analysis.displacedLength)
}
