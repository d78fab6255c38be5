// Attaches, counts and detaches, and dies by SIGKILL right after its n-th kernel call: kill-at-call.js PID PATTERN N
// Ends with 0, having said how many calls there were, when there were fewer.

import type { KernelDoor } from '../../src/kernel/door.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { Tracer } from '../../src/session/tracer.js'

const [pid = '', pattern = '', last = ''] = process.argv.slice(2)
let calls = 0

/** Waiting is not counted: how often it is asked depends on timing. */
const uncounted: ReadonlySet<string> = new Set(['waitid', 'sched_yield', 'nanosleep'])

function deadlyDoor(inner: KernelDoor): KernelDoor {
  return {
    pointerTo: (bytes) => inner.pointerTo(bytes),
    invoke(request) {
      const result = inner.invoke(request)
      if (!uncounted.has(request.name) && ++calls === Number(last)) process.kill(process.pid, 'SIGKILL')
      return result
    },
  }
}

const tracer = Tracer.attach(deadlyDoor(openRealDoor()), Number(pid), {}, { via: 'jump' })
if (isRefusal(tracer)) throw new Error(tracer.because)
const made = await tracer.count([pattern])
if (isRefusal(made)) throw new Error(made.because)
tracer.detach()
console.log(`calls ${calls}`)
