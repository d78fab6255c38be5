import type { KernelDoor } from '../../../kernel/door.js'
import { isRefusal, refuse } from '../../../refusal/refusal.js'
import type { Memory } from '../../../target/memory.js'
import { stepOnce } from '../../../target/single-step.js'
import { stopTarget } from '../../../target/threads.js'
import type { Resume } from './resume.js'

/**
 * The original byte is put back, the thread makes one step in place, and the int3 is put in again. All other threads are
 * held meanwhile, or they would pass unseen: the first of all ways, and the one that the others are tested against.
 */
export function inline(door: KernelDoor, memory: Memory): Resume {
  return {
    name: 'inline',
    refuses: ({ site, analysis }) =>
      analysis.entersKernel
        ? refuse('not-steppable', `${site.key} is a system call, which could block while every other thread is held`)
        : undefined,
    prepare(thread, { site, edit }) {
      using others = stopTarget(door, memory.pid, { except: thread.tid })
      if (isRefusal(others)) return 'later'
      memory.write(site.address, edit.before)
      try {
        thread.registers.set('rip', site.address)
        thread.touch()
        // What came instead of the step is seen again, and by whoever handles stops.
        return stepOnce(door, thread) ? 'go-on' : 'later'
      } finally {
        memory.write(site.address, edit.after)
      }
    },
    finish: () => undefined,
    abort: () => {},
  }
}
