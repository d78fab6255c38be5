import type { KernelDoor } from '../kernel/door.js'
import { ptrace } from '../kernel/ptrace.js'
import { Registers } from './registers.js'

/** A thread of the target that is stopped, in PTRACE_EVENT_STOP or about to get a signal, and can be read and changed. */
export interface StoppedThread {
  readonly tid: number
  readonly registers: Registers
  /** The signal that it gets as soon as it goes on. */
  readonly signal?: number
}

/** @throws KernelError */
export function readRegisters(door: KernelDoor, tid: number): Registers {
  const registers = new Registers()
  ptrace(door, 'PTRACE_GETREGS', tid, 0, registers.bytes)
  return registers
}

/** @throws KernelError */
export function writeRegisters(door: KernelDoor, tid: number, registers: Registers): void {
  ptrace(door, 'PTRACE_SETREGS', tid, 0, registers.bytes)
}
