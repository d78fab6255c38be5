import type { KernelDoor } from '../../kernel/door.js'
import { tryReadText } from '../../kernel/files.js'
import { listThreads } from '../process-state.js'

/** Masks of proc(5), `/proc/PID/status`. */
export interface SignalState {
  readonly blocked: bigint
  readonly caught: bigint
  readonly ignored: bigint
  /** Pending for the thread, or for the process. */
  readonly pending: bigint
}

/** Undefined when the thread is gone. */
export function readSignalState(door: KernelDoor, pid: number, tid: number): SignalState | undefined {
  const status = tryReadText(door, `/proc/${pid}/task/${tid}/status`)
  if (status === undefined) return undefined
  const mask = (name: string): bigint => BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(status)?.[1] ?? '0'}`)
  const pending = mask('SigPnd') | mask('ShdPnd')
  return { blocked: mask('SigBlk'), caught: mask('SigCgt'), ignored: mask('SigIgn'), pending }
}

/** Of all threads. */
export function readSignalStates(door: KernelDoor, pid: number): SignalState[] {
  return listThreads(door, pid).flatMap((tid) => readSignalState(door, pid, tid) ?? [])
}
