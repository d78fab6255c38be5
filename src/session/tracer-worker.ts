import { parentPort, workerData } from 'node:worker_threads'
import { assert, unreachable } from '../bytes/assert.js'
import { KernelError } from '../kernel/kernel-error.js'
import { openRealDoor } from '../kernel/real-door.js'
import { sleep, sleepExactly } from '../kernel/wait.js'
import type { MapRecord } from '../record/map-record.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import type { RunSink } from '../runs/run-action.js'
import { runToEntry } from '../target/run-to-entry.js'
import { detachLingering } from '../target/threads.js'
import { Doorkeeper } from './bell.js'
import { ChangeGate } from './change-gate.js'
import { cleanProcess } from './clean-process.js'
import { listFile } from './list-functions.js'
import { Outbox } from './outbox.js'
import type { ProgramTracing } from './program-tracing.js'
import { rehearse } from './rehearsal.js'
import { type MadeGroup, Tracer, type TracerListener } from './tracer.js'
import type { RunBegun, RunFinished, RunOver, TracerReply, TracerRequest, TracerRequests } from './tracer-protocol.js'

// The one OS thread that owns ptrace. Requests are answered in order; between them the target runs free.

assert(parentPort !== null, 'runs as a worker')
const port = parentPort
const door = openRealDoor()
sleepExactly(door)
const memory: unknown = workerData
assert(memory instanceof SharedArrayBuffer, 'the main thread has the other end of gate and bell')
const gate = new ChangeGate(memory)
const doorkeeper = new Doorkeeper(memory, door)
const LETTING_GO_MS = 2
let tracer: Tracer | undefined
let rehearsed = false
let turn: Promise<void> = Promise.resolve()

port.on('message', (request: TracerRequest) => {
  doorkeeper.answer()
  turn = turn
    .then(() => serve(request))
    .then(leaveGate)
    .then(letGoLater)
    .then(keepPolling)
})

/** How long one turn handles hits before requests are looked at. */
const POLL_BUDGET_NS = 1_000_000n
/** Turns without a hit after which a pause is made between them, and how long it is. */
const EAGER_TURNS = 500
const PAUSE_US = 100
let polling = false
let idleTurns = 0
let failure: unknown
let isLettingGo = false

function keepPolling(): void {
  if (polling || tracer?.needsPolling !== true) return
  polling = true
  setImmediate(poll)
}

function poll(): void {
  polling = false
  try {
    if (tracer?.poll(POLL_BUDGET_NS) === true) idleTurns = 0
    else if (++idleTurns > EAGER_TURNS) sleep(door, PAUSE_US)
    keepPolling()
  } catch (error) {
    // Nobody waits for this: the next request is told, and the target is left meanwhile.
    failure = error
    tracer?.detach()
  }
}

function leaveGate(): void {
  if (tracer?.hasProbes !== true) gate.leave()
}

/** A thread that did not stop in time is let go when it does, without waiting for the next request. */
function letGoLater(): void {
  isLettingGo = detachLingering(door)
  if (isLettingGo) setTimeout(letGoLater, LETTING_GO_MS)
}

async function serve(request: TracerRequest): Promise<void> {
  try {
    if (failure !== undefined) throw failure
    if (request.method !== 'goOn') tracer?.rest()
    const result = await answer(request)
    send(
      isRefusal(result)
        ? { kind: 'refusal', id: request.id, refusal: result }
        : { kind: 'result', id: request.id, result },
    )
  } catch (error) {
    const refusal = error instanceof KernelError ? whyGone() : undefined
    send(
      refusal === undefined
        ? { kind: 'error', id: request.id, message: describe(error) }
        : { kind: 'refusal', id: request.id, refusal },
    )
  }
}

/** What the kernel refuses when a process ends, or calls exec, in the middle of something is not worth its words. */
function whyGone(): Refusal | undefined {
  const over = tracer === undefined ? undefined : goneBy(tracer)
  return over === undefined ? undefined : refuse('target-gone', over.message)
}

function answer(request: TracerRequest): unknown {
  switch (request.method) {
    case 'attach':
      return attach(request.params)
    case 'runToEntry':
      return runToEntry(door, request.params.pid) ?? null
    case 'count':
      return attached().count(request.params.patterns)
    case 'probe':
      return probe(request.params)
    case 'goOn':
      attached().goOn(request.params.hit, request.params.registers)
      return null
    case 'run':
      return run(request.params)
    case 'finishRun':
      return finishRun(request.params.run)
    case 'callPoints':
      return runNumbered(request.params.run).callPoints()
    case 'readMaps':
      return readMaps(request.params.run)
    case 'signalRun':
      runNumbered(request.params.run).signalled(request.params.signal)
      return null
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
      beforeChange()
      return cleanProcess(door, request.params.pid)
    default:
      return unreachable(request)
  }
}

/** The first stop is as short as those after it. */
function beforeChange(): void {
  if (!rehearsed) rehearse()
  rehearsed = true
  gate.enter()
}

function attach({ pid, catching }: TracerRequests['attach']['params']): Refusal | null {
  const listener: TracerListener = {
    onProgress: (progress) => send({ kind: 'progress', progress }),
    onWarning: warn,
    beforeChange,
    patience: (wait) => (hasTimers() ? undefined : doorkeeper.patience(wait)),
  }
  const made = Tracer.attach(door, pid, listener, catching)
  if (isRefusal(made)) return made
  tracer = made
  return null
}

function probe({ patterns, handler }: TracerRequests['probe']['params']): Promise<MadeGroup | Refusal> {
  return attached().probe(patterns, ({ tid, hit, site, registers }) => {
    send({ kind: 'hit', handler, hit: { tid, hit, site: site.key, registers } })
  })
}

/** Programs at work, by the number that the main thread has given them. */
const runs = new Map<number, ProgramTracing>()

async function run({
  program,
  run: number,
  childPid,
  taken,
}: TracerRequests['run']['params']): Promise<RunBegun | Refusal> {
  const outbox = new Outbox(taken, (actions) => send({ kind: 'actions', run: number, actions }))
  const sink: RunSink = (action) => outbox.put(action)
  // What only scripts need is loaded for them.
  const { ProgramTracing } = await import('./program-tracing.js')
  const started = await ProgramTracing.start(program, { door, tracer, childPid, sink, receiver: outbox })
  if (isRefusal(started) || started.kind === 'missing') return started
  runs.set(number, started.tracing)
  outbox.flush()
  watchTarget(number)
  const { kind, attached: made, missing } = started
  return { kind, attached: made, missing }
}

async function finishRun(number: number): Promise<RunFinished> {
  const tracing = runNumbered(number)
  await tracing.named()
  const remaining = tracing.finish()
  runs.delete(number)
  return { maps: tracing.readMaps(), remaining }
}

async function readMaps(number: number): Promise<readonly MapRecord[]> {
  const tracing = runNumbered(number)
  await tracing.named()
  return tracing.readMaps()
}

function runNumbered(number: number): ProgramTracing {
  const tracing = runs.get(number)
  assert(tracing !== undefined, `there is no run ${number}`)
  return tracing
}

const WATCH_MS = 100

/** A run is over when its target has ended, or executes another program. */
function watchTarget(number: number): void {
  if (tracer === undefined) return
  const timer = setInterval(() => {
    const over = overBy(tracer)
    if (runs.has(number) && over === undefined) return
    clearInterval(timer)
    if (over !== undefined && runs.has(number)) send({ kind: 'over', run: number, ...over })
  }, WATCH_MS)
}

function overBy(watched: Tracer | undefined): { reason: RunOver; message: string } | undefined {
  if (failure !== undefined) return { reason: 'failed', message: describe(failure) }
  return watched === undefined ? undefined : goneBy(watched)
}

function goneBy({ target }: Tracer): { reason: RunOver; message: string } | undefined {
  const fate = target.fate()
  switch (fate) {
    case 'lives':
      return undefined
    case 'ended':
      return { reason: 'target-ended', message: `process ${target.pid} has ended` }
    case 'executes-another':
      return { reason: 'target-exec', message: `process ${target.pid} executes another program: the probes are gone` }
    default:
      return unreachable(fate)
  }
}

/** Whether this thread has work of its own to do between requests. */
function hasTimers(): boolean {
  return isLettingGo || runs.size > 0
}

function attached(): Tracer {
  assert(tracer !== undefined, 'attach comes first')
  return tracer
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

function warn(sentence: string): void {
  send({ kind: 'warning', sentence })
}

function send(reply: TracerReply): void {
  port.postMessage(reply)
}
