import { type Address, distance, offsetBy } from '../../bytes/address.js'

/** Byte forms of what relocation and patching emit, all of them free of registers and flags. SDM vol. 2. */

const INT32_MIN = -(2n ** 31n)
const INT32_MAX = 2n ** 31n - 1n

/** Bytes of `jmp rel32`. */
export const NEAR_JUMP_LENGTH = 5
/** Bytes of `jmp *0(%rip); .quad target`. */
export const FAR_JUMP_LENGTH = 14

/** The displacement from `end`, the address behind an instruction, to `target`; undefined beyond ±2 GiB. */
export function relative32(end: Address, target: Address): number | undefined {
  const delta = BigInt.asIntN(64, distance(end, target))
  return delta >= INT32_MIN && delta <= INT32_MAX ? Number(delta) : undefined
}

export function int32Bytes(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >>> 24) & 0xff]
}

export function quadBytes(value: bigint): number[] {
  return Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn))
}

/** `jmp rel8` over the next `length` bytes, at most 127. */
export function shortJump(length: number): number[] {
  return [0xeb, length]
}

/** `jmp rel32` from `at`, or undefined if `target` is out of its reach. */
export function nearJump(at: Address, target: Address): number[] | undefined {
  const relative = relative32(offsetBy(at, NEAR_JUMP_LENGTH), target)
  return relative === undefined ? undefined : [0xe9, ...int32Bytes(relative)]
}

/** `jmp *0(%rip); .quad target`: reaches everything from everywhere. */
export function farJump(target: Address): number[] {
  return [0xff, 0x25, 0, 0, 0, 0, ...quadBytes(target)]
}

/** The shortest jump from `at` to `target`. */
export function jump(at: Address, target: Address): number[] {
  return nearJump(at, target) ?? farJump(target)
}
