import { assert, unreachable } from '../bytes/assert.js'
import type { RunAction } from '../runs/run-action.js'
import { type AttachOptions, RefusedError } from './api.js'
import { Bell } from './bell.js'
import { ChangeGate } from './change-gate.js'
import { takeIdleWorker } from './idle-worker.js'
import type { HitMessage, RunOver, TracerMethod, TracerReply, TracerRequests } from './tracer-protocol.js'

/** A reply to a request. */
type Answer = Extract<TracerReply, { id: number }>

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** Who is told what a program does. */
export interface RunListener {
  onActions(actions: readonly RunAction[]): void
  /** The program can go no further: it is to be finished. */
  onOver(reason: RunOver, message: string): void
}

/** The tracer thread, seen from the main thread. */
export class TracerThread {
  private readonly idle = takeIdleWorker()
  private readonly worker = this.idle.worker
  private readonly gate = new ChangeGate(this.idle.memory)
  private readonly bell = new Bell(this.idle.memory)
  private readonly waiting = new Map<number, Waiting>()
  private readonly handlers = new Map<number, (hit: HitMessage) => void>()
  private readonly runs = new Map<number, RunListener>()
  private nextId = 1
  private ended = false
  private cancelled = false

  constructor(private readonly options: AttachOptions = {}) {
    this.worker.on('message', (reply: TracerReply) => this.receive(reply))
    this.worker.on('error', (error) => this.fail(error))
    this.worker.on('exit', () => this.fail(new Error('the tracer thread has ended')))
    options.signal?.addEventListener('abort', () => this.cancel(), { once: true })
    if (options.signal?.aborted === true) this.cancel()
  }

  /** Whether the thread was ended while nothing of ring3 was in the target. */
  get isCancelled(): boolean {
    return this.cancelled
  }

  /** @throws RefusedError, or an Error with what the kernel refused. */
  request<M extends TracerMethod>(
    method: M,
    params: TracerRequests[M]['params'],
  ): Promise<TracerRequests[M]['result']> {
    if (this.ended) return Promise.reject(this.endReason())
    const id = this.nextId++
    this.worker.ref()
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.bell.ring()
      this.worker.postMessage({ id, method, params })
    })
  }

  /** Is called with each hit of the probes that are made with the number. */
  handleHits(handler: (hit: HitMessage) => void): number {
    const id = this.nextId++
    this.handlers.set(id, handler)
    this.worker.ref()
    return id
  }

  /** No more hits will come for this handler. */
  forgetHandler(id: number): void {
    this.handlers.delete(id)
    this.unrefWhenIdle()
  }

  /** The number of a run, whose listener is told of what it does. */
  addRun(listener: RunListener): number {
    const id = this.nextId++
    this.runs.set(id, listener)
    this.worker.ref()
    return id
  }

  /** Nothing more will come of this run. */
  forgetRun(id: number): void {
    this.runs.delete(id)
    this.unrefWhenIdle()
  }

  /** Handlers keep a program alive: it is there for them. */
  private unrefWhenIdle(): void {
    if (this.waiting.size + this.handlers.size + this.runs.size === 0) this.worker.unref()
  }

  /** Ends the OS thread: the kernel detaches whatever it may still hold. */
  async end(): Promise<void> {
    this.ended = true
    this.bell.silence()
    await this.worker.terminate()
  }

  /** A change that is under way goes on, and probes that work stay. */
  private cancel(): void {
    if (this.ended || !this.gate.close()) return
    this.cancelled = true
    this.fail(this.endReason())
    this.bell.silence()
    void this.worker.terminate()
  }

  private endReason(): Error {
    const reason: unknown = this.cancelled ? this.options.signal?.reason : undefined
    return reason instanceof Error ? reason : new Error('the tracer thread has ended')
  }

  private receive(reply: TracerReply): void {
    switch (reply.kind) {
      case 'progress':
        this.options.onProgress?.(reply.progress)
        return
      case 'warning':
        this.options.onWarning?.(reply.sentence)
        return
      case 'hit':
        this.handlers.get(reply.handler)?.(reply.hit)
        return
      case 'actions':
        this.runs.get(reply.run)?.onActions(reply.actions)
        return
      case 'over':
        this.runs.get(reply.run)?.onOver(reply.reason, reply.message)
        return
      default:
        this.answer(reply)
    }
  }

  private answer(reply: Answer): void {
    const waiting = this.waiting.get(reply.id)
    // Who waited has been told that the thread has ended.
    if (waiting === undefined && this.ended) return
    assert(waiting !== undefined, `nobody waits for reply ${reply.id}`)
    this.waiting.delete(reply.id)
    this.unrefWhenIdle()
    settle(waiting, reply)
  }

  private fail(error: Error): void {
    this.ended = true
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
  }
}

function settle(waiting: Waiting, reply: Answer): void {
  switch (reply.kind) {
    case 'result':
      waiting.resolve(reply.result)
      break
    case 'refusal':
      waiting.reject(new RefusedError(reply.refusal))
      break
    case 'error':
      waiting.reject(new Error(reply.message))
      break
    default:
      unreachable(reply)
  }
}
