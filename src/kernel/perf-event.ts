import type { Address } from '../bytes/address.js'
import { call, type KernelDoor } from './door.js'

const PERF_TYPE_BREAKPOINT = 5
const PERF_FLAG_FD_CLOEXEC = 8
const PERF_EVENT_IOC_DISABLE = 0x2401
const PERF_EVENT_IOC_SET_OUTPUT = 0x2405
const PERF_EVENT_IOC_ID = 0x8008_2407
const CLOCK_MONOTONIC = 1
/** PERF_ATTR_SIZE_VER5: the first size with all fields that are set here. */
const ATTR_SIZE = 112

/** Bit numbers of the flags of struct perf_event_attr that are set here. */
const flagBits = {
  inherit: 1n,
  exclude_kernel: 5n,
  exclude_hv: 6n,
  use_clockid: 25n,
  inherit_thread: 35n,
  remove_on_exec: 36n,
} as const

/** enum perf_event_sample_format: what a sample holds, in this order. */
const PERF_SAMPLE_IP = 1 << 0
const PERF_SAMPLE_TID = 1 << 1
const PERF_SAMPLE_TIME = 1 << 2
const PERF_SAMPLE_REGS_USER = 1 << 12
const PERF_SAMPLE_IDENTIFIER = 1 << 16

/** Offsets in struct perf_event_attr. */
const offset = {
  type: 0,
  size: 4,
  sample_period: 16,
  sample_type: 24,
  flags: 40,
  bp_type: 52,
  bp_addr: 56,
  bp_len: 64,
  sample_regs_user: 80,
  clockid: 92,
} as const

/** HW_BREAKPOINT_* (include/uapi/linux/hw_breakpoint.h). The processor has no breakpoint on reading alone. */
const accessBits = { execute: 4, write: 2, 'read-write': 3 } as const

/**
 * General registers of a sample, by their bits in `sample_regs_user` (arch/x86/include/uapi/asm/perf_regs.h), lowest
 * first, in which order the sample has them. Bits 12–15 are segment registers that a 64-bit sample cannot have.
 */
export const sampledRegisters = {
  rax: 0,
  rbx: 1,
  rcx: 2,
  rdx: 3,
  rsi: 4,
  rdi: 5,
  rbp: 6,
  rsp: 7,
  rip: 8,
  eflags: 9,
  cs: 10,
  ss: 11,
  r8: 16,
  r9: 17,
  r10: 18,
  r11: 19,
  r12: 20,
  r13: 21,
  r14: 22,
  r15: 23,
} as const

/** A breakpoint as perf_event_open takes it. */
export interface BreakpointEvent {
  readonly access: keyof typeof accessBits
  readonly address: Address
  /** Bytes watched: 1, 2, 4 or 8, the address a multiple of it. For `execute` the kernel wants 8, whatever the instruction. */
  readonly length: 1 | 2 | 4 | 8
  /** Whether each hit leaves a sample in a ring; it is counted in either case. */
  readonly sampled: boolean
}

/**
 * struct perf_event_attr (include/uapi/linux/perf_event.h; perf_event_open(2)). The event counts what the thread itself
 * does, not the kernel for it; threads that it makes are counted with it (`inherit_thread`, since Linux 5.13), child
 * processes are not; exec ends it.
 */
export function encodeBreakpoint({ access, address, length, sampled }: BreakpointEvent): Buffer {
  const attr = Buffer.alloc(ATTR_SIZE)
  attr.writeUInt32LE(PERF_TYPE_BREAKPOINT, offset.type)
  attr.writeUInt32LE(ATTR_SIZE, offset.size)
  attr.writeBigUInt64LE(flags(), offset.flags)
  attr.writeUInt32LE(accessBits[access], offset.bp_type)
  attr.writeInt32LE(CLOCK_MONOTONIC, offset.clockid)
  attr.writeBigUInt64LE(address, offset.bp_addr)
  attr.writeBigUInt64LE(BigInt(length), offset.bp_len)
  if (sampled) encodeSampling(attr)
  return attr
}

function encodeSampling(attr: Buffer): void {
  const type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_REGS_USER
  attr.writeBigUInt64LE(1n, offset.sample_period)
  attr.writeBigUInt64LE(BigInt(type), offset.sample_type)
  const mask = Object.values(sampledRegisters).reduce<number>((bits, bit) => bits | (1 << bit), 0)
  attr.writeBigUInt64LE(BigInt(mask), offset.sample_regs_user)
}

function flags(): bigint {
  return Object.values(flagBits).reduce((bits, bit) => bits | (1n << bit), 0n)
}

/** Any processor, as perf_event_open says it. */
export const ANY_CPU = -1

/** @returns a file descriptor, or a negated errno. The event counts from now on. */
export function tryOpenEvent(door: KernelDoor, attr: Uint8Array, tid: number, cpu: number): number {
  return door.invoke({
    name: 'perf_event_open',
    args: [attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC],
    purpose: `breakpoint on thread ${tid}`,
  })
}

/** Hits so far, those of threads that the event was passed on to included. @throws KernelError */
export function readEvent(door: KernelDoor, fd: number): bigint {
  const count = Buffer.alloc(8)
  call(door, { name: 'read', args: [fd, count, count.length], purpose: 'hits of a breakpoint' })
  return count.readBigUInt64LE()
}

/** The event counts no more, nor do those that threads have inherited of it. @throws KernelError */
export function stopEvent(door: KernelDoor, fd: number): void {
  call(door, { name: 'ioctl', args: [fd, PERF_EVENT_IOC_DISABLE, 0], purpose: 'PERF_EVENT_IOC_DISABLE' })
}

/** What samples of the event are marked with. @throws KernelError */
export function eventId(door: KernelDoor, fd: number): bigint {
  const id = Buffer.alloc(8)
  call(door, { name: 'ioctl', args: [fd, PERF_EVENT_IOC_ID, id], purpose: 'PERF_EVENT_IOC_ID' })
  return id.readBigUInt64LE()
}

/** Lets the event write to the ring of another one, which has to be of the same processor. @throws KernelError */
export function shareRing(door: KernelDoor, fd: number, withFd: number): void {
  call(door, { name: 'ioctl', args: [fd, PERF_EVENT_IOC_SET_OUTPUT, withFd], purpose: 'PERF_EVENT_IOC_SET_OUTPUT' })
}
