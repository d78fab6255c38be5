import { type Address, address } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import type { Owner } from './owner.js'

/** A range that is about to be mapped. */
export interface IntendedRange {
  readonly start: Address
  readonly size: number
}

/**
 * Written into dead stack memory before the first remote call and gone after the last: from it `clean` finds mappings whose
 * manifest was not written yet, and the bytes that the stub covered, when the tracer was killed in the middle.
 */
export interface Intent {
  readonly stub: Address
  readonly covered: Uint8Array
  readonly ranges: readonly IntendedRange[]
  readonly owner: Owner
}

const MAGIC = Buffer.from('ring3\0\x02\x01', 'latin1')
const STUB_LENGTH = 9
const OWNER_AT = 32
const RANGES_AT = 48
const MAX_RANGES = 64
export const INTENT_ROOM = RANGES_AT + 16 * MAX_RANGES

export function encodeIntent(intent: Intent): Buffer {
  assert(intent.ranges.length <= MAX_RANGES, 'an intent has room for all ranges')
  const bytes = Buffer.alloc(RANGES_AT + 16 * intent.ranges.length)
  MAGIC.copy(bytes)
  bytes.writeBigUInt64LE(intent.stub, 8)
  bytes.set(intent.covered.subarray(0, STUB_LENGTH), 16)
  bytes.writeUInt8(intent.ranges.length, 16 + STUB_LENGTH)
  bytes.writeUInt32LE(intent.owner.pid, OWNER_AT)
  bytes.writeBigUInt64LE(intent.owner.startTime, OWNER_AT + 8)
  intent.ranges.forEach(({ start, size }, index) => {
    bytes.writeBigUInt64LE(start, RANGES_AT + 16 * index)
    bytes.writeBigUInt64LE(BigInt(size), RANGES_AT + 16 * index + 8)
  })
  return bytes
}

/** Finds an intent in a stack's bytes; the address is that of its first byte. */
export function findIntent(stack: Buffer): { readonly offset: number; readonly intent: Intent } | undefined {
  const offset = stack.indexOf(MAGIC)
  if (offset < 0 || offset + INTENT_ROOM > stack.length) return undefined
  const bytes = stack.subarray(offset)
  const count = bytes.readUInt8(16 + STUB_LENGTH)
  if (count > MAX_RANGES) return undefined
  const ranges = Array.from({ length: count }, (_, index) => ({
    start: address(bytes.readBigUInt64LE(RANGES_AT + 16 * index)),
    size: Number(bytes.readBigUInt64LE(RANGES_AT + 16 * index + 8)),
  }))
  return {
    offset,
    intent: {
      stub: address(bytes.readBigUInt64LE(8)),
      covered: bytes.subarray(16, 16 + STUB_LENGTH),
      ranges,
      owner: { pid: bytes.readUInt32LE(OWNER_AT), startTime: bytes.readBigUInt64LE(OWNER_AT + 8) },
    },
  }
}
