import { type Address, address } from '../../bytes/address.js'
import type { ResumeExit } from '../../isa/site-analysis.js'
import { takeExit } from '../../isa/x64/take-exit.js'
import type { EditSet } from '../../target/edit-set.js'
import type { Memory } from '../../target/memory.js'
import type { TracedThread } from '../../target/traced-thread.js'
import type { CopyLookup, Place } from './breakpoint-tracer.js'
import type { SlotPool } from './slot-pool.js'
import type { Slot } from './slots.js'

/** Places in the copies that are behind the sites of an installation, and in slots. */
export function copyLookup(memory: Memory, edits: EditSet, slots: SlotPool): CopyLookup {
  return {
    placeOf(rip) {
      const slot = slots.around(rip)
      if (slot !== undefined) return inSlot(slot, rip)
      const exit = edits.exitAt(rip)
      if (exit !== undefined) return amid(memory, exit.site, exit.exit)
      const original = edits.outOfTrampoline(rip)
      return original === undefined ? undefined : { original, atStart: edits.isStart(rip) }
    },
  }
}

function inSlot({ site, copy }: Slot, rip: Address): Place | undefined {
  if (site === undefined || copy === undefined) return undefined
  if (rip === copy.end) return { original: copy.behind, atStart: false }
  return rip === copy.start ? { original: site, atStart: true } : undefined
}

/** In the middle of what stands for one instruction. */
function amid(memory: Memory, site: Address, exit: ResumeExit): Place {
  const leave = ({ registers }: TracedThread): void => {
    takeExit(exit, site, {
      get: (name) => registers.get(name),
      set: (name, value) => registers.set(name, value),
      readWord: (at) => memory.read(at, 8).readBigUInt64LE(),
    })
  }
  return { original: address(site + BigInt(exit.original)), atStart: exit.original === 0, leave }
}
