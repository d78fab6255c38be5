import type { KernelCall, KernelDoor } from './door.js'

/** A door for tests: behaves like the real one, but fails the n-th call that counts. */
export interface FaultyDoor extends KernelDoor {
  /** Calls counted so far. */
  readonly counted: number
  /** The call that was failed, once it was. */
  readonly failed: KernelCall | undefined
}

/** Waiting is not counted: how often it is asked depends on timing. */
const uncounted: ReadonlySet<string> = new Set(['nanosleep', 'sched_yield', 'waitid'])

/** Fails the `failAt`-th counted call (from 1) with `errno`; the kernel does not see that call. */
export function faultyDoor(inner: KernelDoor, failAt: number, errno: number): FaultyDoor {
  let counted = 0
  let failed: KernelCall | undefined
  return {
    get counted() {
      return counted
    },
    get failed() {
      return failed
    },
    invoke(request) {
      if (!uncounted.has(request.name) && ++counted === failAt) {
        failed = request
        return -errno
      }
      return inner.invoke(request)
    },
    pointerTo: (bytes) => inner.pointerTo(bytes),
  }
}
