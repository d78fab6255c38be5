import type { Address } from '../bytes/address.js'
import type { KernelDoor } from '../kernel/door.js'
import { ptrace, tryPtrace } from '../kernel/ptrace.js'

const SIZE = 128
const CODE_AT = 8
/** `si_addr` of a fault, `si_value` of a queued signal (struct siginfo, include/uapi/asm-generic/siginfo.h). */
const ADDRESS_AT = 16
const VALUE_AT = 24

/** `int3`, as x86 reports it (arch/x86/kernel/traps.c, do_int3_user: force_sig). */
export const SI_KERNEL = 0x80
/** A single step. */
export const TRAP_TRACE = 2
const SI_QUEUE = -1

/**
 * The siginfo of a trap that the tracer has taken. Should the tracer die before the thread goes on, the kernel delivers
 * it to the resident handler, which then knows that the registers are no longer those of the trap.
 */
export const TAKEN = 0x0133_676e_6972_2121n

/** What the kernel says about the signal that a thread is stopped for. */
export class Siginfo {
  private constructor(private readonly bytes: Buffer) {}

  /** Undefined when the thread has died meanwhile. */
  static of(door: KernelDoor, tid: number): Siginfo | undefined {
    const bytes = Buffer.alloc(SIZE)
    return tryPtrace(door, 'PTRACE_GETSIGINFO', tid, 0, bytes) === 0 ? new Siginfo(bytes) : undefined
  }

  get code(): number {
    return this.bytes.readInt32LE(CODE_AT)
  }

  get address(): bigint {
    return this.bytes.readBigUInt64LE(ADDRESS_AT)
  }

  withAddress(address: Address): Siginfo {
    const bytes = Buffer.from(this.bytes)
    bytes.writeBigUInt64LE(address, ADDRESS_AT)
    return new Siginfo(bytes)
  }

  /** The same signal, marked as taken. */
  static taken(signal: number): Siginfo {
    const bytes = Buffer.alloc(SIZE)
    bytes.writeInt32LE(signal, 0)
    bytes.writeInt32LE(SI_QUEUE, CODE_AT)
    bytes.writeBigUInt64LE(TAKEN, VALUE_AT)
    return new Siginfo(bytes)
  }

  /** @throws KernelError */
  writeTo(door: KernelDoor, tid: number): void {
    ptrace(door, 'PTRACE_SETSIGINFO', tid, 0, this.bytes)
  }
}
