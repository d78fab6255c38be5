import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { Bell, Doorkeeper } from '../../src/session/bell.js'
import { SHARED_MEMORY_SIZE } from '../../src/session/idle-worker.js'

/** Waits in the kernel for the end of a process of its own, as the tracer thread waits for stops, and says when it is called. */
const waiter = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.url).then(async ({ Doorkeeper }) => {
  const door = (await import(workerData.doorUrl)).openRealDoor()
  const doorkeeper = new Doorkeeper(workerData.memory, door)
  const nap = Buffer.alloc(16)
  nap.writeBigInt64LE(30n)
  let waits = 0
  for (;;) {
    const result = doorkeeper.patience(() => ({ tid: door.invoke({ name: 'nanosleep', args: [nap, 0] }), seen: { kind: 'gone' } }))
    if (result === undefined) break
    if (waits++ === 0) parentPort.postMessage(result.tid)
  }
  parentPort.postMessage('called')
})
`

test('who is rung for leaves a wait of any length, however often', async () => {
  const memory = new SharedArrayBuffer(SHARED_MEMORY_SIZE)
  const url = new URL('../../src/session/bell.js', import.meta.url).href
  const doorUrl = new URL('../../src/kernel/real-door.js', import.meta.url).href
  const bell = new Bell(memory)
  const worker = new Worker(waiter, { eval: true, workerData: { memory, url, doorUrl } })
  const called = new Promise((resolve) => worker.on('message', (said) => said === 'called' && resolve(said)))
  const words = new Int32Array(memory)
  // Its thread is written there while it waits.
  while (words[3] === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const began = performance.now()
  bell.ring()
  assert.equal(await called, 'called')
  assert.ok(performance.now() - began < 10_000, 'long before its time')
  bell.silence()
  await worker.terminate()
})

test('nobody waits who has been rung for already, nor once the bell is silent', () => {
  const memory = new SharedArrayBuffer(SHARED_MEMORY_SIZE)
  const bell = new Bell(memory)
  const doorkeeper = new Doorkeeper(memory, openRealDoor())
  const stop = { tid: 1, seen: { kind: 'gone' } } as const
  assert.equal(
    doorkeeper.patience(() => stop),
    stop,
  )
  bell.ring()
  assert.equal(
    doorkeeper.patience(() => stop),
    undefined,
  )
  doorkeeper.answer()
  assert.equal(
    doorkeeper.patience(() => stop),
    stop,
  )
  bell.silence()
  doorkeeper.answer()
  assert.equal(
    doorkeeper.patience(() => stop),
    undefined,
  )
})
