import { Worker } from 'node:worker_threads'
import { assert, unreachable } from '../bytes/assert.js'
import { type AttachOptions, RefusedError } from './api.js'
import { ChangeGate } from './change-gate.js'
import type { HitMessage, TracerMethod, TracerReply, TracerRequests } from './tracer-protocol.js'

/** Planning makes many objects that live for a moment: room for them saves a fifth of its time. */
const YOUNG_GENERATION_MB = 64

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** The tracer thread, seen from the main thread. */
export class TracerThread {
  private readonly gate = new ChangeGate()
  private readonly worker = new Worker(new URL('./tracer-worker.js', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    workerData: this.gate.memory,
  })
  private readonly waiting = new Map<number, Waiting>()
  private readonly handlers = new Map<number, (hit: HitMessage) => void>()
  private nextId = 1
  private ended = false
  private cancelled = false

  constructor(private readonly options: AttachOptions = {}) {
    this.worker.on('message', (reply: TracerReply) => this.receive(reply))
    this.worker.on('error', (error) => this.fail(error))
    this.worker.on('exit', () => this.fail(new Error('the tracer thread has ended')))
    // An idle tracer does not keep a program alive; a request under way does.
    this.worker.unref()
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

  /** Handlers keep a program alive: it is there for them. */
  private unrefWhenIdle(): void {
    if (this.waiting.size === 0 && this.handlers.size === 0) this.worker.unref()
  }

  /** Ends the OS thread: the kernel detaches whatever it may still hold. */
  async end(): Promise<void> {
    this.ended = true
    await this.worker.terminate()
  }

  /** A change that is under way goes on, and probes that work stay. */
  private cancel(): void {
    if (this.ended || !this.gate.close()) return
    this.cancelled = true
    this.fail(this.endReason())
    void this.worker.terminate()
  }

  private endReason(): Error {
    const reason: unknown = this.cancelled ? this.options.signal?.reason : undefined
    return reason instanceof Error ? reason : new Error('the tracer thread has ended')
  }

  private receive(reply: TracerReply): void {
    if (reply.kind === 'progress') {
      this.options.onProgress?.(reply.progress)
      return
    }
    if (reply.kind === 'warning') {
      this.options.onWarning?.(reply.sentence)
      return
    }
    if (reply.kind === 'hit') {
      this.handlers.get(reply.handler)?.(reply.hit)
      return
    }
    const waiting = this.waiting.get(reply.id)
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

function settle(waiting: Waiting, reply: Exclude<TracerReply, { kind: 'progress' | 'warning' | 'hit' }>): void {
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
