import { KernelError } from './kernel-error.js'

const TRIES = 3

/**
 * For calls that put the target back: tried again when the kernel refuses, since giving up would leave something behind.
 * @throws KernelError when the kernel goes on refusing.
 */
export function insist<T>(work: () => T): T {
  for (let tries = 1; ; tries++) {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof KernelError) || tries === TRIES) throw error
    }
  }
}
