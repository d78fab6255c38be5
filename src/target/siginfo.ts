import type { Address } from '../bytes/address.js'
import { SI_KERNEL, SI_QUEUE, TAKEN } from '../codegen/x64/signals/kernel-constants.js'
import type { KernelDoor } from '../kernel/door.js'
import { ptrace, tryPtrace } from '../kernel/ptrace.js'

const SIGILL = 4
const SIGBUS = 7
const SIGFPE = 8
const SIGSEGV = 11
/** A SIGBUS that no instruction of the thread has caused (include/uapi/asm-generic/siginfo.h). */
const BUS_MCEERR_AO = 5

const SIZE = 128
const CODE_AT = 8
/** `si_addr` of a fault, `si_value` of a queued signal (struct siginfo, include/uapi/asm-generic/siginfo.h). */
const ADDRESS_AT = 16
const VALUE_AT = 24

const scratch = Buffer.alloc(SIZE)

/** What the kernel says about the signal that a thread is stopped for. */
export class Siginfo {
  private constructor(private readonly bytes: Buffer) {}

  /** Undefined when the thread has died meanwhile. */
  static of(door: KernelDoor, tid: number): Siginfo | undefined {
    const bytes = Buffer.alloc(SIZE)
    return tryPtrace(door, 'PTRACE_GETSIGINFO', tid, 0, bytes) === 0 ? new Siginfo(bytes) : undefined
  }

  /** Its code alone, as every hit asks for it. */
  static codeOf(door: KernelDoor, tid: number): number | undefined {
    return tryPtrace(door, 'PTRACE_GETSIGINFO', tid, 0, scratch) === 0 ? scratch.readInt32LE(CODE_AT) : undefined
  }

  get code(): number {
    return this.bytes.readInt32LE(CODE_AT)
  }

  /**
   * Whether it says that the instruction has failed, and would again: no memory that it found missing. Its handler goes on
   * elsewhere.
   */
  get isHopeless(): boolean {
    const signal = this.bytes.readInt32LE(0)
    return this.code === SI_KERNEL ? signal === SIGSEGV : this.code > 0 && (signal === SIGILL || signal === SIGFPE)
  }

  /**
   * Whether it says that an instruction has found memory missing: it fails again when it is tried again, unless somebody has mended
   * that. What the kernel says of itself is left out: a frame that it could not return through is not looked at again.
   */
  get isOfMissingMemory(): boolean {
    const signal = this.bytes.readInt32LE(0)
    if (this.code <= 0 || this.code === SI_KERNEL) return false
    return signal === SIGSEGV || (signal === SIGBUS && this.code !== BUS_MCEERR_AO)
  }

  get address(): bigint {
    return this.bytes.readBigUInt64LE(ADDRESS_AT)
  }

  withAddress(address: Address): Siginfo {
    const bytes = Buffer.from(this.bytes)
    bytes.writeBigUInt64LE(address, ADDRESS_AT)
    return new Siginfo(bytes)
  }

  /** A signal that the tracer has taken: see `TAKEN`. */
  static taken(signal: number): Siginfo {
    const bytes = Buffer.alloc(SIZE)
    bytes.writeInt32LE(signal, 0)
    bytes.writeInt32LE(SI_QUEUE, CODE_AT)
    bytes.writeUInt32LE(TAKEN.low, VALUE_AT)
    bytes.writeUInt32LE(TAKEN.high, VALUE_AT + 4)
    return new Siginfo(bytes)
  }

  /** @throws KernelError */
  writeTo(door: KernelDoor, tid: number): void {
    ptrace(door, 'PTRACE_SETSIGINFO', tid, 0, this.bytes)
  }
}
