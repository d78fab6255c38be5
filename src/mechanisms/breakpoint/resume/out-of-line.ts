import { type Address, offsetBy } from '../../../bytes/address.js'
import type { Memory } from '../../../target/memory.js'
import type { TracedThread } from '../../../target/traced-thread.js'
import type { PlantedSite } from '../planted-site.js'
import { behind, type SlotPool } from '../slot-pool.js'
import { SLOT_SIZE, type Slot } from '../slots.js'
import { boosted } from './boosted.js'
import type { Resume } from './resume.js'

/** A thread on its way through a slot. */
interface Passage {
  readonly slot: Slot
  readonly planted: PlantedSite
  /** Behind the displaced instruction's copy. */
  readonly end: Address
}

/**
 * The thread single-steps a copy in a slot of the area, which nobody else is in, and is then put behind the original. The
 * copy leads back by itself, so that a thread whose tracer is killed in the middle goes on as it should.
 */
export function outOfLine(memory: Memory, pool: SlotPool): Resume {
  const passages = new Map<number, Passage>()
  const leave = ({ tid }: TracedThread): void => {
    const passage = passages.get(tid)
    if (passage !== undefined) pool.release(passage.slot)
    passages.delete(tid)
  }
  return {
    name: 'out-of-line',
    prepare(thread, planted) {
      // Its step would show, or not be seen.
      if (planted.instruction.hidesStep) return boosted.prepare(thread, planted)
      const taken = pool.take(thread.tid, planted)
      if (taken === undefined) return 'later'
      const { slot, copy } = taken
      if (slot.site !== planted.site.address) memory.write(slot.address, copy.bytes)
      slot.site = planted.site.address
      slot.copy = copy
      passages.set(thread.tid, { slot, planted, end: offsetBy(slot.address, copy.body) })
      moveTo(thread, slot.address)
      return 'step'
    },
    finish(thread) {
      const passage = passages.get(thread.tid)
      if (passage === undefined) return undefined
      const { rip } = thread.registers
      if (isInside(passage, rip)) return 'step'
      leave(thread)
      if (rip === passage.end) moveTo(thread, behind(passage.planted))
      return 'go-on'
    },
    abort: leave,
  }
}

/** Several instructions may stand for one: the copy of a call pushes, then jumps. */
function isInside({ slot, end }: Passage, rip: Address): boolean {
  return rip >= slot.address && rip < offsetBy(slot.address, SLOT_SIZE) && rip !== end
}

function moveTo(thread: TracedThread, rip: Address): void {
  thread.registers.set('rip', rip)
  thread.touch()
}
