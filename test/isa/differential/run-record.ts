import { type Address, address } from '../../../src/bytes/address.js'

/** One run as instruction-runner.c reads it: `struct run`. */
export interface Run {
  readonly start: Address
  /** By hardware number. */
  readonly registers: readonly bigint[]
  readonly flags: bigint
  /** What stands where the instruction under test is; int3 fills up. */
  readonly code: Uint8Array
  readonly vectors: number
  /** Moved code and where it stands. */
  readonly placed?: { readonly at: Address; readonly bytes: Uint8Array }
  /** Stop at every instruction inside the moved code, and report it. */
  readonly traced: boolean
}

/** Where a thread stands. */
export interface ThreadState {
  readonly rip: Address
  readonly flags: bigint
  /** By hardware number. */
  readonly registers: readonly bigint[]
  /** The first bytes at the stack pointer. */
  readonly stack: Buffer
}

/** What a run did: `struct result`. */
export interface Outcome extends ThreadState {
  readonly signal: number
  /** si_code and si_addr. */
  readonly code: number
  readonly address: bigint
  /** Digests of the x87, xmm, ymm and AVX-512 state. */
  readonly vectors: readonly bigint[]
  /** Words that changed, by address; all of them while they are few, those of the stack first. */
  readonly changes: ReadonlyMap<bigint, bigint>
  readonly changeCount: number
  /** Digest of all changes but those of the stack. */
  readonly memory: bigint
  /** Where a traced run stood inside the moved code. */
  readonly steps: readonly ThreadState[]
}

export const RUN_SIZE = 376
export const RESULT_SIZE = 3224
export const PLACE_SIZE = 192
const CODE_SIZE = 16
const MAX_CHANGES = 32
const STACK_AT = 216
const STACK_WORDS = 32
const CHANGES_AT = STACK_AT + STACK_WORDS
const STEPS_AT = CHANGES_AT + 16 * MAX_CHANGES
const STEP_SIZE = 144 + STACK_WORDS
const INT3 = 0xcc

export function encodeRun(run: Run, into: Buffer, at: number): void {
  into.writeBigUInt64LE(run.start, at)
  run.registers.forEach((value, index) => {
    into.writeBigUInt64LE(BigInt.asUintN(64, value), at + 8 + 8 * index)
  })
  into.writeBigUInt64LE(run.flags, at + 136)
  into.writeBigUInt64LE(run.placed?.at ?? 0n, at + 144)
  into.writeUInt32LE(run.placed?.bytes.length ?? 0, at + 152)
  into.writeUInt32LE(run.traced ? 1 : 0, at + 156)
  into.writeUInt32LE(run.vectors, at + 160)
  into.fill(INT3, at + 168, at + RUN_SIZE)
  into.set(run.code.subarray(0, CODE_SIZE), at + 168)
  into.set(run.placed?.bytes ?? [], at + 168 + CODE_SIZE)
}

/** Undefined for a run that was not finished. */
export function decodeResult(from: Buffer, at: number): Outcome | undefined {
  if (from.readUInt32LE(at) === 0) return undefined
  const changeCount = from.readUInt32LE(at + 208)
  return {
    signal: from.readUInt32LE(at + 4),
    code: from.readInt32LE(at + 8),
    address: from.readBigUInt64LE(at + 16),
    rip: address(from.readBigUInt64LE(at + 24)),
    registers: words(from, at + 32, 16),
    stack: from.subarray(at + STACK_AT, at + STACK_AT + STACK_WORDS),
    flags: from.readBigUInt64LE(at + 160),
    vectors: words(from, at + 168, 4),
    memory: from.readBigUInt64LE(at + 200),
    changeCount,
    changes: new Map(pairs(from, at + CHANGES_AT, Math.min(changeCount, MAX_CHANGES))),
    steps: Array.from({ length: from.readUInt32LE(at + 12) }, (_, index) =>
      decodeStep(from, at + STEPS_AT + STEP_SIZE * index),
    ),
  }
}

function decodeStep(from: Buffer, at: number): ThreadState {
  return {
    rip: address(from.readBigUInt64LE(at)),
    flags: from.readBigUInt64LE(at + 8),
    registers: words(from, at + 16, 16),
    stack: from.subarray(at + 144, at + 144 + STACK_WORDS),
  }
}

function words(from: Buffer, at: number, count: number): bigint[] {
  return Array.from({ length: count }, (_, index) => from.readBigUInt64LE(at + 8 * index))
}

function pairs(from: Buffer, at: number, count: number): [bigint, bigint][] {
  return Array.from({ length: count }, (_, index) => [
    from.readBigUInt64LE(at + 16 * index),
    from.readBigUInt64LE(at + 16 * index + 8),
  ])
}
