import { parentPort, workerData } from 'node:worker_threads'
import { assert, unreachable } from '../bytes/assert.js'
import { openRealDoor } from '../kernel/real-door.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import { detachLingering } from '../target/threads.js'
import { ChangeGate } from './change-gate.js'
import { cleanProcess } from './clean-process.js'
import { listFile } from './list-functions.js'
import { rehearse } from './rehearsal.js'
import { Tracer } from './tracer.js'
import type { TracerReply, TracerRequest } from './tracer-protocol.js'

// The one OS thread that owns ptrace. Requests are answered in order; between them the target runs free.

assert(parentPort !== null, 'runs as a worker')
const port = parentPort
const door = openRealDoor()
const memory: unknown = workerData
assert(memory instanceof SharedArrayBuffer, 'the main thread has the other end of the gate')
const gate = new ChangeGate(memory)
const LETTING_GO_MS = 2
let tracer: Tracer | undefined
rehearse()
let turn: Promise<void> = Promise.resolve()

port.on('message', (request: TracerRequest) => {
  turn = turn
    .then(() => serve(request))
    .then(leaveGate)
    .then(letGoLater)
})

function leaveGate(): void {
  if (tracer?.hasProbes !== true) gate.leave()
}

/** A thread that did not stop in time is let go when it does, without waiting for the next request. */
function letGoLater(): void {
  if (detachLingering(door)) setTimeout(letGoLater, LETTING_GO_MS)
}

async function serve(request: TracerRequest): Promise<void> {
  try {
    const result = await answer(request)
    send(
      isRefusal(result)
        ? { kind: 'refusal', id: request.id, refusal: result }
        : { kind: 'result', id: request.id, result },
    )
  } catch (error) {
    send({
      kind: 'error',
      id: request.id,
      message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    })
  }
}

function answer(request: TracerRequest): unknown {
  switch (request.method) {
    case 'attach':
      return attach(request.params.pid)
    case 'count':
      return attached().count(request.params.patterns)
    case 'snapshot':
      return attached().snapshot(request.params.group)
    case 'remove':
      return attached().remove(request.params.group)
    case 'detach':
      return tracer?.detach() ?? []
    case 'explain':
      return attached().explain(request.params.pattern)
    case 'list':
      return attached().list(request.params.pattern)
    case 'listFile':
      return listFile(door, request.params.path, request.params.glob, warn)
    case 'clean':
      gate.enter()
      return cleanProcess(door, request.params.pid)
    default:
      return unreachable(request)
  }
}

function attach(pid: number): Refusal | null {
  const made = Tracer.attach(door, pid, {
    onProgress: (progress) => send({ kind: 'progress', progress }),
    onWarning: warn,
    beforeChange: () => gate.enter(),
  })
  if (isRefusal(made)) return made
  tracer = made
  return null
}

function attached(): Tracer {
  assert(tracer !== undefined, 'attach comes first')
  return tracer
}

function warn(sentence: string): void {
  send({ kind: 'warning', sentence })
}

function send(reply: TracerReply): void {
  port.postMessage(reply)
}
