import { type Address, address } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import type { KernelDoor } from '../kernel/door.js'
import { NT_X86_XSTATE, ptrace } from '../kernel/ptrace.js'
import { isRestarting } from './interrupted-call.js'
import type { RegisterName, Registers } from './registers.js'

// struct ucontext and sigcontext_64 (arch/x86/include/uapi/asm/ucontext.h, sigcontext.h), offsets from the ucontext.
const UC_FLAGS = 0
export const UC_GREGS = 40
const UC_FPSTATE = 224
export const UC_SIGMASK = 296
const UC_SIZE = 304
/** UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
const FLAGS = 7n
const USER_CS_SS = 0x33n | (0x2bn << 48n)

/** The order of the general registers in sigcontext_64. */
export const frameRegisters: readonly RegisterName[] = [
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
  'rdi',
  'rsi',
  'rbp',
  'rbx',
  'rdx',
  'rax',
  'rcx',
  'rsp',
  'rip',
  'eflags',
]

export const GREGS_SIZE = frameRegisters.length * 8

/** Offset of a general register from UC_GREGS. */
export function gregsOffset(name: RegisterName): number {
  const index = frameRegisters.indexOf(name)
  assert(index >= 0, `${name} is not in a signal frame`)
  return index * 8
}

/** Offset of the saved instruction pointer from the ucontext. */
export const UC_RIP = UC_GREGS + frameRegisters.indexOf('rip') * 8
/** Offset of the saved stack pointer from the ucontext. */
export const UC_RSP = UC_GREGS + frameRegisters.indexOf('rsp') * 8
/** Offset of the saved `cs, gs, fs, ss` word from the ucontext. */
export const UC_CS = UC_GREGS + frameRegisters.length * 8

// struct _fpx_sw_bytes at the end of the legacy FXSAVE image (sigcontext.h).
const SW_RESERVED = 464
const FP_XSTATE_MAGIC1 = 0x46505853
const FP_XSTATE_MAGIC2 = 0x46505845
/** The components of the image that are in use: the first word of the XSAVE header (SDM vol. 1, 13.4.2). */
const XSTATE_BV = 512
/** AMX tile state is not part of a thread's signal frame unless it has asked for it; it begins here. */
const AMX_FEATURES = 3n << 17n
const AMX_OFFSET = 2752

export interface SignalFrame {
  readonly address: Address
  readonly bytes: Buffer
  /** What rsp must hold at rt_sigreturn. */
  readonly ucontext: Address
}

/**
 * A frame below `top` from which rt_sigreturn brings a thread back to `registers`, its vector state and its mask. An
 * interrupted system call is run again as a whole.
 * @throws KernelError
 */
export function buildSignalFrame(
  door: KernelDoor,
  tid: number,
  registers: Registers,
  mask: Buffer,
  top: Address,
): SignalFrame {
  const state = readVectorState(door, tid)
  const fpstate = address((top - BigInt(state.length)) & ~63n)
  const ucontext = address((fpstate - BigInt(UC_SIZE)) & ~15n)
  const bytes = Buffer.alloc(Number(top - ucontext))
  bytes.writeBigUInt64LE(FLAGS, UC_FLAGS)
  for (const [index, name] of frameRegisters.entries())
    bytes.writeBigUInt64LE(registers.get(name), UC_GREGS + index * 8)
  if (isRestarting(registers)) {
    bytes.writeBigUInt64LE(registers.get('rip') - 2n, UC_RIP)
    bytes.writeBigUInt64LE(registers.get('orig_rax'), UC_GREGS + frameRegisters.indexOf('rax') * 8)
  }
  bytes.writeBigUInt64LE(USER_CS_SS, UC_CS)
  bytes.writeBigUInt64LE(fpstate, UC_FPSTATE)
  mask.copy(bytes, UC_SIGMASK)
  state.copy(bytes, Number(fpstate - ucontext))
  return { address: ucontext, bytes, ucontext }
}

/** The XSAVE image with the marks that make the kernel restore all of it (arch/x86/kernel/fpu/signal.c). */
function readVectorState(door: KernelDoor, tid: number): Buffer {
  const image = Buffer.alloc(16384)
  const vector = Buffer.alloc(16)
  vector.writeBigUInt64LE(door.pointerTo(image), 0)
  vector.writeBigUInt64LE(BigInt(image.length), 8)
  ptrace(door, 'PTRACE_GETREGSET', tid, NT_X86_XSTATE, vector)
  const reported = Number(vector.readBigUInt64LE(8))
  const features = image.readBigUInt64LE(SW_RESERVED)
  const usesTiles = (image.readBigUInt64LE(XSTATE_BV) & AMX_FEATURES) !== 0n
  const hasTiles = (features & AMX_FEATURES) !== 0n
  const size = hasTiles && !usesTiles ? Math.min(reported, AMX_OFFSET) : reported
  image.fill(0, SW_RESERVED, 512)
  image.writeUInt32LE(FP_XSTATE_MAGIC1, SW_RESERVED)
  image.writeUInt32LE(size + 4, SW_RESERVED + 4)
  image.writeBigUInt64LE(usesTiles ? features : features & ~AMX_FEATURES, SW_RESERVED + 8)
  image.writeUInt32LE(size, SW_RESERVED + 16)
  image.writeUInt32LE(FP_XSTATE_MAGIC2, size)
  return image.subarray(0, size + 4)
}
