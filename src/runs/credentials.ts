import type { KernelDoor } from '../kernel/door.js'
import { tryReadText } from '../kernel/files.js'

/** Linux's TASK_COMM_LEN. */
export const COMM_SIZE = 16

/** The real user or group of a thread (proc(5), status). 0 once it has ended. */
export function readOwner(door: KernelDoor, task: string, which: 'Uid' | 'Gid'): bigint {
  const status = tryReadText(door, `${task}/status`) ?? ''
  return BigInt(new RegExp(`^${which}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0)
}

/** The name of a thread as a block of 16 bytes; empty once it has ended. */
export function readComm(door: KernelDoor, task: string): Uint8Array {
  return tryReadComm(door, task) ?? Buffer.alloc(COMM_SIZE)
}

/** Undefined once the thread has ended. */
export function tryReadComm(door: KernelDoor, task: string): Buffer | undefined {
  const name = tryReadText(door, `${task}/comm`)
  if (name === undefined) return undefined
  const block = Buffer.alloc(COMM_SIZE)
  block.write(name.replace(/\n$/, ''), 0, COMM_SIZE - 1)
  return block
}
