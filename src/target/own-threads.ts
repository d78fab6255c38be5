import type { KernelDoor } from '../kernel/door.js'
import { KernelError } from '../kernel/kernel-error.js'
import { sleep } from '../kernel/wait.js'
import { listThreads, readThreadState } from './process-state.js'

const PAUSE_US = 300
/** Waits in all: 20 ms. A main thread that has much to print is not waited for. */
const PAUSES = 66

/**
 * Waits until this process's other threads want no processor: those that compile and collect beside the program, above all.
 * The kernel lets who runs go on for a slice of milliseconds, and a target that waits behind them is held so long.
 */
export function awaitOwnThreads(door: KernelDoor): void {
  for (let pause = 0; pause < PAUSES && areBusy(door); pause++) sleep(door, PAUSE_US)
}

/** Where the kernel does not say, nothing is waited for. */
function areBusy(door: KernelDoor): boolean {
  const own = door.invoke({ name: 'gettid', args: [] })
  try {
    return listThreads(door, process.pid).some((tid) => tid !== own && readThreadState(door, process.pid, tid) === 'R')
  } catch (error) {
    if (error instanceof KernelError) return false
    throw error
  }
}
