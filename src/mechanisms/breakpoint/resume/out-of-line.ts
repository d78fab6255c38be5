import { type Address, offsetBy } from '../../../bytes/address.js'
import type { Memory } from '../../../target/memory.js'
import type { TracedThread } from '../../../target/traced-thread.js'
import type { PlantedSite } from '../planted-site.js'
import { behind, type SlotPool } from '../slot-pool.js'
import type { Slot } from '../slots.js'
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
  const leave = (tid: number): void => {
    const passage = passages.get(tid)
    if (passage !== undefined) pool.release(passage.slot)
    passages.delete(tid)
  }
  return {
    name: 'out-of-line',
    prepare(thread, planted) {
      // Its step would show, or not be seen; or others are in all slots.
      const taken = planted.instruction.hidesStep ? undefined : pool.take(thread.tid, planted)
      if (taken === undefined) return boosted.prepare(thread, planted)
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
      leave(thread.tid)
      if (rip === passage.end) moveTo(thread, behind(passage.planted))
      return 'go-on'
    },
    abort: leave,
  }
}

function moveTo(thread: TracedThread, rip: Address): void {
  thread.registers.set('rip', rip)
  thread.touch()
}
