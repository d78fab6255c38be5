import type { KernelDoor } from '../kernel/door.js'
import { tryReadText } from '../kernel/files.js'

/** Linux's TASK_COMM_LEN. */
const COMM_SIZE = 16

/** The real user or group of a thread (proc(5), status). 0 once it has ended. */
export function readOwner(door: KernelDoor, task: string, which: 'Uid' | 'Gid'): bigint {
  const status = tryReadText(door, `${task}/status`) ?? ''
  return BigInt(new RegExp(`^${which}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0)
}

/** The name of a thread as a block of 16 bytes. */
export function readComm(door: KernelDoor, task: string): Uint8Array {
  const name = (tryReadText(door, `${task}/comm`) ?? '').replace(/\n$/, '')
  const block = Buffer.alloc(COMM_SIZE)
  block.write(name, 0, COMM_SIZE - 1)
  return block
}
