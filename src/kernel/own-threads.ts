import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const PAUSE_MS = 0.3
/** Waits in all: 20 ms. A main thread that has much to print is not waited for. */
export const MAX_PAUSES = 66
const word = new Int32Array(new SharedArrayBuffer(4))

/**
 * Waits until this process's other threads want no processor: those that compile and collect beside the program, above all.
 * The kernel lets who runs go on for a slice of milliseconds, and a target that waits behind them is held so long.
 *
 * Not by the door: how often it looks is chance, and a test that fails the n-th call needs the same calls each time.
 * @returns how often it has paused
 */
export function awaitOwnThreads(): number {
  let pauses = 0
  for (; pauses < MAX_PAUSES && areBusy(); pauses++) Atomics.wait(word, 0, 0, PAUSE_MS)
  return pauses
}

/** Where the kernel does not say, nobody is waited for: a target that is to be left must not stay patched for it. */
function areBusy(): boolean {
  try {
    // `PID/task/TID`
    const own = readlinkSync('/proc/thread-self').split('/').at(-1)
    return readdirSync('/proc/self/task').some((tid) => tid !== own && isRunnable(tid))
  } catch {
    // Among others: a thread has ended since it was listed.
    return false
  }
}

/** The name stands in parentheses and may hold anything; the state comes behind it (proc(5)). */
function isRunnable(tid: string): boolean {
  return /^.*\) R/s.test(readFileSync(`/proc/self/task/${tid}/stat`, 'latin1'))
}
