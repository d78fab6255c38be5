import { type Address, address } from '../bytes/address.js'
import { isError, type KernelDoor } from '../kernel/door.js'
import type { Memory } from './memory.js'
import { listThreads } from './process-state.js'
import type { TargetProcess } from './target-process.js'

/** glibc's struct pthread has the thread's number, a pointer, and the head of its robust list one behind the other (nptl/descr.h). */
const NUMBER_BELOW_HEAD = 16n
/** The struct begins with tcbhead_t, whose first and third words are its own address, at a multiple of 64 (sysdeps/x86_64/nptl/tls.h). */
const ALIGNMENT = 64n
const SELF = 16
const MAX_DISTANCE = 2048n

/**
 * Where a thread finds its own number, in bytes from its thread pointer: the same for all threads that have a robust list (one that is
 * just beginning has none yet), else undefined. No thread is stopped for that: the kernel tells where the lists are
 * (get_robust_list(2)).
 */
export function threadNumberOffset({ door, pid, memory }: TargetProcess): number | undefined {
  const heads = listThreads(door, pid).map((tid) => ({ tid, head: robustListOf(door, tid) }))
  const offsets = new Set(heads.filter(({ head }) => head !== 0n).map(({ tid, head }) => offsetOf(memory, tid, head)))
  const [only] = offsets
  return offsets.size === 1 ? only : undefined
}

function offsetOf(memory: Memory, tid: number, head: bigint): number | undefined {
  if (head < NUMBER_BELOW_HEAD) return undefined
  const place = address(head - NUMBER_BELOW_HEAD)
  const bytes = memory.tryRead(place, 4)
  if (bytes.length < 4 || bytes.readUInt32LE() !== tid) return undefined
  const pointer = threadPointerBelow(memory, place)
  return pointer === undefined ? undefined : Number(place - pointer)
}

/** 0 where there is none. */
function robustListOf(door: KernelDoor, tid: number): bigint {
  const [head, size] = [Buffer.alloc(8), Buffer.alloc(8)]
  const result = door.invoke({ name: 'get_robust_list', args: [tid, head, size] })
  return isError(result) ? 0n : head.readBigUInt64LE()
}

function threadPointerBelow(memory: Memory, place: Address): bigint | undefined {
  for (let at = place - (place % ALIGNMENT); at > 0n && place - at <= MAX_DISTANCE; at -= ALIGNMENT) {
    const words = memory.tryRead(address(at), SELF + 8)
    const isThreadPointer =
      words.length === SELF + 8 && words.readBigUInt64LE() === at && words.readBigUInt64LE(SELF) === at
    if (isThreadPointer) return at
  }
  return undefined
}
