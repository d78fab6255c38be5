import type { KernelDoor } from '../../kernel/door.js'
import { ENOENT, ESRCH } from '../../kernel/errno.js'
import { readWhole } from '../../kernel/files.js'
import { insist } from '../../kernel/insist.js'
import { KernelError } from '../../kernel/kernel-error.js'
import { listThreads } from '../process-state.js'

/** Masks of proc(5), `/proc/PID/task/TID/status`. */
export interface SignalState {
  readonly blocked: bigint
  readonly caught: bigint
  readonly ignored: bigint
  /** Pending for the thread, or for the process. */
  readonly pending: bigint
}

/** Undefined when the thread is gone. @throws KernelError */
export function readSignalState(door: KernelDoor, pid: number, tid: number): SignalState | undefined {
  try {
    return insist(() => parseStatus(readWhole(door, `/proc/${pid}/task/${tid}/status`).toString('latin1')))
  } catch (error) {
    if (error instanceof KernelError && (error.errno === ENOENT || error.errno === ESRCH)) return undefined
    throw error
  }
}

function parseStatus(status: string): SignalState {
  const mask = (name: string): bigint => BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(status)?.[1] ?? '0'}`)
  const pending = mask('SigPnd') | mask('ShdPnd')
  return { blocked: mask('SigBlk'), caught: mask('SigCgt'), ignored: mask('SigIgn'), pending }
}

/** Of all threads. @throws KernelError */
export function readSignalStates(door: KernelDoor, pid: number): SignalState[] {
  return listThreads(door, pid).flatMap((tid) => readSignalState(door, pid, tid) ?? [])
}
