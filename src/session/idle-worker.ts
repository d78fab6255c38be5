import { Worker } from 'node:worker_threads'

/** What main thread and tracer thread share: a word of the gate, three of the bell. */
export const SHARED_MEMORY_SIZE = 4 * Int32Array.BYTES_PER_ELEMENT
/** Planning makes many objects that live for a moment: room for them saves a fifth of its time. */
const YOUNG_GENERATION_MB = 64

/** A tracer thread that nobody has asked for anything yet. It keeps no program alive. */
export interface IdleWorker {
  readonly worker: Worker
  readonly memory: SharedArrayBuffer
}

let ahead: IdleWorker | undefined

/** Starts a tracer thread before it is needed: it loads what it consists of while the main thread does. */
export function startWorkerAhead(): void {
  ahead ??= startWorker()
}

export function takeIdleWorker(): IdleWorker {
  const idle = ahead ?? startWorker()
  ahead = undefined
  return idle
}

function startWorker(): IdleWorker {
  const memory = new SharedArrayBuffer(SHARED_MEMORY_SIZE)
  const worker = new Worker(new URL('./tracer-worker.js', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    workerData: memory,
  })
  worker.unref()
  return { worker, memory }
}
