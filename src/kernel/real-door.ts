import koffi from 'koffi'
import { assert } from '../bytes/assert.js'
import type { KernelArgument, KernelCall, KernelDoor } from './door.js'
import { syscallNumbers } from './syscall-numbers.js'

type ForeignArgument = number | bigint | Uint8Array | null

/** Opens the real door: `syscall(2)` through the C library. Blocking; belongs to the thread that calls it. */
export function openRealDoor(): KernelDoor {
  const libc = koffi.load(null)
  const syscall = libc.func('long syscall(long number, void *a, void *b, void *c, void *d, void *e, void *f)')
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
      if (result === -1) return -koffi.errno()
      assert(typeof result === 'number', `${name} returned a value beyond 2^53`)
      return result
    },
    pointerTo: (bytes) => koffi.address(bytes),
  }
}

function toForeign(argument: KernelArgument | undefined): ForeignArgument {
  if (argument === undefined) return null
  if (typeof argument === 'string') return Buffer.from(`${argument}\0`)
  if (typeof argument === 'number') return argument < 0 ? BigInt.asUintN(64, BigInt(argument)) : argument
  return argument
}
