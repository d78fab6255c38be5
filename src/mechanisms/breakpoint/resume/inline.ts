import { type Address, offsetBy } from '../../../bytes/address.js'
import type { KernelDoor } from '../../../kernel/door.js'
import { isRefusal } from '../../../refusal/refusal.js'
import type { Memory } from '../../../target/memory.js'
import { stepOnce } from '../../../target/single-step.js'
import { stopTarget } from '../../../target/threads.js'
import { boosted } from './boosted.js'
import type { Resume } from './resume.js'

const INT3_LENGTH = 1

/**
 * The original byte is put back, the thread makes one step in place, and the int3 is put in again. All other threads are
 * held meanwhile, or they would pass unseen: the first of all ways, and the one that the others are tested against. Where
 * they cannot be held, since one waits for its vfork child, the thread goes through the copy in the area; with a string
 * instruction, too, of which a step is one repetition of maybe millions.
 */
export function inline(
  door: KernelDoor,
  memory: Memory,
  canHoldAll: () => boolean,
  isPlanted: (at: Address) => boolean,
): Resume {
  let busy = false
  return {
    name: 'inline',
    prepare(thread, planted) {
      // One at a time: the trap of a thread that is to be held stays until this step is over.
      if (busy) return 'later'
      const { site, edit, instruction } = planted
      // Right behind another int3 a thread would be taken for one that has hit that, should the tracer be killed.
      const isBehindOther = isPlanted(offsetBy(site.address, -INT3_LENGTH))
      if (isBehindOther || instruction.kind === 'repeated string' || !canHoldAll())
        return boosted.prepare(thread, planted)
      busy = true
      using _free = { [Symbol.dispose]: () => (busy = false) }
      const stop = stopTarget(door, memory.pid, { except: thread.tid })
      if (isRefusal(stop)) return 'later'
      using _others = stop
      memory.write(site.address, edit.before)
      try {
        thread.registers.set('rip', site.address)
        thread.touch()
        return stepOnce(door, thread) ? 'go-on' : 'stopped-again'
      } finally {
        memory.write(site.address, edit.after)
      }
    },
    finish: () => undefined,
    abort: () => {},
  }
}
