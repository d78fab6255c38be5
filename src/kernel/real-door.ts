import koffi from 'koffi'
import { assert } from '../bytes/assert.js'
import type { KernelArgument, KernelCall, KernelDoor } from './door.js'
import { awaitOwnThreads } from './own-threads.js'
import { syscallNumbers } from './syscall-numbers.js'

export type ForeignArgument = number | bigint | Uint8Array | null

/** What a door leads to, in the C library's form. */
export interface SystemCalls {
  /** syscall(2): −1 stands for an error, whose number `errno` gives. */
  syscall(number: number, ...args: ForeignArgument[]): unknown
  errno(): number
  pointerTo(bytes: Uint8Array): bigint
  awaitOwnThreads(): void
}

/** Opens the real door: `syscall(2)` through the C library. Blocking; belongs to the thread that calls it. */
export function openRealDoor(): KernelDoor {
  const libc = koffi.load(null)
  return openDoor({
    syscall: libc.func('long syscall(long number, void *a, void *b, void *c, void *d, void *e, void *f)'),
    errno: () => koffi.errno(),
    pointerTo: (bytes) => koffi.address(bytes),
    awaitOwnThreads,
  })
}

/** One form for the real door and a pretend one: code that was made fast behind this one would not stay so behind another. */
export function openDoor({ syscall, errno, pointerTo, awaitOwnThreads: rest }: SystemCalls): KernelDoor {
  return {
    // One by one, since this is most of what a hit costs the tracer.
    invoke({ name, args }: KernelCall): number {
      const result: unknown = syscall(
        syscallNumbers[name],
        toForeign(args[0]),
        toForeign(args[1]),
        toForeign(args[2]),
        toForeign(args[3]),
        toForeign(args[4]),
        toForeign(args[5]),
      )
      if (result === -1) return -errno()
      assert(typeof result === 'number', `${name} returned a value beyond 2^53`)
      return result
    },
    pointerTo,
    awaitOwnThreads: rest,
  }
}

function toForeign(argument: KernelArgument | undefined): ForeignArgument {
  if (argument === undefined) return null
  if (typeof argument === 'string') return Buffer.from(`${argument}\0`)
  if (typeof argument === 'number') return argument < 0 ? BigInt.asUintN(64, BigInt(argument)) : argument
  return argument
}
