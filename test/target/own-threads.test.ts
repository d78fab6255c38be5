import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { KernelDoor } from '../../src/kernel/door.js'
import { EMFILE } from '../../src/kernel/errno.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { awaitOwnThreads } from '../../src/target/own-threads.js'

const real = openRealDoor()

/** How often the wait pauses. */
function pausesOf(door: KernelDoor): number {
  let pauses = 0
  const counting: KernelDoor = {
    pointerTo: door.pointerTo,
    invoke(call) {
      if (call.name === 'nanosleep') pauses += 1
      return door.invoke(call)
    },
  }
  awaitOwnThreads(counting)
  return pauses
}

test('own threads that run are waited for, though not for ever', async () => {
  const word = new Int32Array(new SharedArrayBuffer(4))
  const busy = new Worker(
    "const { workerData } = require('node:worker_threads'); Atomics.notify(workerData, 0, Atomics.store(workerData, 0, 1)); for (;;);",
    { eval: true, workerData: word },
  )
  while (Atomics.load(word, 0) === 0) await new Promise((done) => setTimeout(done, 5))
  assert.equal(pausesOf(real), 66)
  await busy.terminate()
  // On a busy machine another of them may want a processor for a while.
  const quiet = Array.from({ length: 20 }, () => pausesOf(real)).filter((pauses) => pauses < 66)
  assert.ok(quiet.length > 0)
})

test('where the kernel does not say who runs, nothing is waited for', () => {
  const denying: KernelDoor = {
    pointerTo: real.pointerTo,
    invoke: (call) => (call.name === 'openat' ? -EMFILE : real.invoke(call)),
  }
  assert.equal(pausesOf(denying), 0)
})
