import { KernelError } from './kernel-error.js'
import type { SyscallName } from './syscall-numbers.js'

/** A string is passed as a NUL-terminated path, bytes as a pointer to them. */
export type KernelArgument = number | bigint | string | Uint8Array

/** One system call, as a value. */
export interface KernelCall {
  readonly name: SyscallName
  readonly args: readonly KernelArgument[]
  /** What it is for, in words, for the error message: `PTRACE_SEIZE`. */
  readonly purpose?: string
}

/** The one way to the kernel. Every system call that ring3 makes on behalf of a target passes here. */
export interface KernelDoor {
  /** The result as the kernel gives it: −1 … −4095 is an error number, negated. */
  invoke(call: KernelCall): number
  /** The address of bytes in this process, for structures that hold pointers. The bytes must be kept alive by the caller. */
  pointerTo(bytes: Uint8Array): bigint
  /** Before a target is held: see own-threads. Absent where there is nobody to wait for. */
  awaitOwnThreads?(): void
}

export function isError(result: number): boolean {
  return result < 0 && result >= -4095
}

/** Makes the call. @throws KernelError when the kernel refuses. */
export function call(door: KernelDoor, request: KernelCall): number {
  const result = door.invoke(request)
  if (isError(result)) throw new KernelError(request, -result)
  return result
}
