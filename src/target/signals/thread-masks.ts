import { offsetBy } from '../../bytes/address.js'
import type { KernelDoor } from '../../kernel/door.js'
import { ptrace } from '../../kernel/ptrace.js'
import type { Memory } from '../memory.js'
import { UC_GREGS, UC_SIGMASK } from '../signal-frame.js'
import type { StackScanner } from '../signal-stacks.js'
import type { StoppedThread } from '../thread.js'

/** A mask that a thread has, or will have when a signal handler returns. */
export interface HeldMask {
  readonly mask: bigint
  /** @throws KernelError */
  set(mask: bigint): void
}

const MASK_SIZE = 8

/** The masks of all threads and of the signal frames on their stacks. @throws KernelError */
export function masksOf(
  door: KernelDoor,
  memory: Memory,
  stacks: StackScanner,
  threads: readonly StoppedThread[],
): HeldMask[] {
  const own = threads.map(({ tid }) => threadMask(door, tid))
  const inFrames = stacks.scan(threads).map(({ gregs }) => {
    const at = offsetBy(gregs, UC_SIGMASK - UC_GREGS)
    return {
      mask: memory.read(at, MASK_SIZE).readBigUInt64LE(),
      set: (mask: bigint) => memory.write(at, encode(mask)),
    }
  })
  return [...own, ...inFrames]
}

function threadMask(door: KernelDoor, tid: number): HeldMask {
  const bytes = Buffer.alloc(MASK_SIZE)
  ptrace(door, 'PTRACE_GETSIGMASK', tid, MASK_SIZE, bytes)
  return {
    mask: bytes.readBigUInt64LE(),
    set: (mask) => ptrace(door, 'PTRACE_SETSIGMASK', tid, MASK_SIZE, encode(mask)),
  }
}

function encode(mask: bigint): Buffer {
  const bytes = Buffer.alloc(MASK_SIZE)
  bytes.writeBigUInt64LE(mask)
  return bytes
}

/** Gives every mask the value that `change` makes of it. @throws KernelError */
export function changeMasks(masks: readonly HeldMask[], change: (mask: bigint) => bigint): void {
  for (const held of masks) {
    const wanted = change(held.mask)
    if (wanted !== held.mask) held.set(wanted)
  }
}
