import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { awaitOwnThreads, MAX_PAUSES } from '../../src/kernel/own-threads.js'

test('own threads that run are waited for, though not for ever', async () => {
  const word = new Int32Array(new SharedArrayBuffer(4))
  const busy = new Worker(
    "const { workerData } = require('node:worker_threads'); Atomics.notify(workerData, 0, Atomics.store(workerData, 0, 1)); for (;;);",
    { eval: true, workerData: word },
  )
  while (Atomics.load(word, 0) === 0) await new Promise((done) => setTimeout(done, 5))
  assert.equal(awaitOwnThreads(), MAX_PAUSES)
  await busy.terminate()
  // On a busy machine another of them may want a processor for a while.
  const quiet = Array.from({ length: 20 }, awaitOwnThreads).filter((pauses) => pauses < MAX_PAUSES)
  assert.ok(quiet.length > 0)
})

test('where the kernel does not say who runs, nobody is waited for', (t) => {
  t.mock.method(fs, 'readdirSync', () => {
    throw new Error('EMFILE: too many open files')
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  assert.equal(awaitOwnThreads(), 0)
})
