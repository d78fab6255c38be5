import { type Address, offsetBy } from '../../../bytes/address.js'
import type { Memory } from '../../../target/memory.js'
import type { TracedThread } from '../../../target/traced-thread.js'
import type { PlantedSite } from '../planted-site.js'
import type { SlotPool } from '../slot-pool.js'
import type { Slot, SlotCopy } from '../slots.js'
import { boosted } from './boosted.js'
import type { Resume } from './resume.js'

const INT3_LENGTH = 1

/** A thread on its way through a slot. */
interface Passage {
  readonly slot: Slot
  readonly copy: SlotCopy
  readonly planted: PlantedSite
}

/**
 * The thread executes a copy in a slot of the area, which nobody else is in, up to a second trap, and is then put behind the
 * original. The copy leads back by itself, so that a thread whose tracer is killed in the middle goes on as it should.
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
      if (slot.site !== planted.site.address) memory.write(copy.start, copy.bytes)
      slot.site = planted.site.address
      slot.copy = copy
      passages.set(thread.tid, { slot, copy, planted })
      moveTo(thread, copy.start)
      return copy.endsInTrap ? 'go-on' : 'step'
    },
    finish(thread) {
      const passage = passages.get(thread.tid)
      if (passage === undefined) return undefined
      leave(thread.tid)
      const { copy, planted } = passage
      const through = copy.endsInTrap ? offsetBy(copy.end, INT3_LENGTH) : copy.end
      // Not right behind an int3: should the tracer be killed, that would be taken for another hit.
      if (thread.registers.rip === through) moveTo(thread, planted.jumpBack ?? copy.behind)
      return 'go-on'
    },
    abort: leave,
  }
}

function moveTo(thread: TracedThread, rip: Address): void {
  thread.registers.set('rip', rip)
  thread.touch()
}
