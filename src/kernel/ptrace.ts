import { call, type KernelArgument, type KernelDoor } from './door.js'

/** ptrace(2) requests (include/uapi/linux/ptrace.h). */
const requests = {
  PTRACE_CONT: 7,
  PTRACE_SINGLESTEP: 9,
  PTRACE_GETREGS: 12,
  PTRACE_SETREGS: 13,
  PTRACE_DETACH: 17,
  PTRACE_SYSCALL: 24,
  PTRACE_SETOPTIONS: 0x4200,
  PTRACE_GETEVENTMSG: 0x4201,
  PTRACE_GETSIGINFO: 0x4202,
  PTRACE_SETSIGINFO: 0x4203,
  PTRACE_GETREGSET: 0x4204,
  PTRACE_SEIZE: 0x4206,
  PTRACE_INTERRUPT: 0x4207,
  PTRACE_LISTEN: 0x4208,
  PTRACE_GETSIGMASK: 0x420a,
  PTRACE_SETSIGMASK: 0x420b,
  PTRACE_GET_RSEQ_CONFIGURATION: 0x420f,
} as const

export type PtraceRequest = keyof typeof requests

export const PTRACE_O_TRACESYSGOOD = 0x01
/** Child processes made by vfork, or like it, are traced from their first instruction on. */
export const PTRACE_O_TRACEVFORK = 0x04
/** New threads and child processes made by clone are traced from their first instruction on. */
export const PTRACE_O_TRACECLONE = 0x08
export const PTRACE_O_TRACEEXEC = 0x10
/** The traced process is killed when the tracer ends. */
export const PTRACE_O_EXITKILL = 1 << 20
export const PTRACE_O_SUSPEND_SECCOMP = 1 << 21
export const PTRACE_EVENT_VFORK = 2
export const PTRACE_EVENT_CLONE = 3
export const PTRACE_EVENT_EXEC = 4
export const PTRACE_EVENT_STOP = 128
export const NT_X86_XSTATE = 0x202

/** @throws KernelError */
export function ptrace(
  door: KernelDoor,
  request: PtraceRequest,
  tid: number,
  addr: KernelArgument = 0,
  data: KernelArgument = 0,
): void {
  call(door, ptraceCall(request, tid, addr, data))
}

/** The same, returning 0 or a negated errno. */
export function tryPtrace(
  door: KernelDoor,
  request: PtraceRequest,
  tid: number,
  addr: KernelArgument = 0,
  data: KernelArgument = 0,
): number {
  return door.invoke(ptraceCall(request, tid, addr, data))
}

/** The number of the thread or process that a PTRACE_EVENT_CLONE or _VFORK is about; undefined when its maker has died. */
export function bornIn(door: KernelDoor, tid: number): number | undefined {
  const message = Buffer.alloc(8)
  return tryPtrace(door, 'PTRACE_GETEVENTMSG', tid, 0, message) === 0 ? message.readUInt32LE(0) : undefined
}

function ptraceCall(request: PtraceRequest, tid: number, addr: KernelArgument, data: KernelArgument) {
  return { name: 'ptrace', args: [requests[request], tid, addr, data], purpose: request } as const
}
