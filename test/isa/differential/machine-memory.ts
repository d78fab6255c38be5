import { type Address, address } from '../../../src/bytes/address.js'
import type { PseudoRandom } from '../../robustness/pseudo-random.js'

/** The memory that instruction-runner.c maps: the same addresses as there. */

export const CODE = address(0x2_0000_0000n)
export const CODE_SIZE = 0x10000
/** Where the instruction under test stands; the rest of the code is int3. */
export const CODE_AT = address(0x2_0000_8000n)
/** Where moved code is placed: within ±2 GiB of the data, and beyond. */
export const NEAR_PLACE = address(0x2_1000_0100n)
export const FAR_PLACE = address(0x9_0000_0100n)

export interface Region {
  readonly name: 'data' | 'low' | 'stack' | 'read-only'
  readonly at: Address
  readonly size: number
}

export const DATA: Region = { name: 'data', at: address(0x2_0002_0000n), size: 0x4000 }
/** Within reach of 32-bit addresses. */
export const LOW: Region = { name: 'low', at: address(0x2000_0000n), size: 0x4000 }
export const STACK: Region = { name: 'stack', at: address(0x2_0003_0000n), size: 0x4000 }
export const READ_ONLY: Region = { name: 'read-only', at: address(0x2_0002_8000n), size: 0x1000 }
/** In the order of the memory file. */
export const regions: readonly Region[] = [DATA, LOW, STACK, READ_ONLY]

/** What the runner sets the segment base to. */
export const GS_BASE = address(0x2_0002_1000n)

/** The trap flag and the alignment check flag, in every word that popf could read: a program that sets them is no subject here. */
const FORBIDDEN_FLAGS = (1n << 8n) | (1n << 18n)

export function random64(random: PseudoRandom): bigint {
  const half = (): bigint => BigInt(Math.floor(random.below(2 ** 32)))
  return (half() << 32n) | half()
}

/** An address in the code's int3s: it can be jumped to and returned to. */
export function codePointer(random: PseudoRandom): bigint {
  return (CODE + 0x1000n + BigInt(Math.floor(random.below(0x5000)))) & ~FORBIDDEN_FLAGS
}

/** Initial content of all regions, one after the other: words that are code pointers, small numbers, or anything. */
export function initialMemory(random: PseudoRandom): Buffer {
  const words = regions.reduce((sum, { size }) => sum + size, 0) / 8
  const memory = Buffer.alloc(words * 8)
  for (let at = 0; at < words; at++) memory.writeBigUInt64LE(randomWord(random), at * 8)
  return memory
}

function randomWord(random: PseudoRandom): bigint {
  const kind = random.below(1)
  if (kind < 0.4) return codePointer(random)
  const value = random64(random) & ~FORBIDDEN_FLAGS
  return kind < 0.55 ? value & 0xffn : value
}

/** True for code, which can be read, but of which nobody keeps account. */
export function isCode(at: bigint): boolean {
  return at > CODE - 8n && at < CODE + BigInt(CODE_SIZE)
}

/** The region that an address lies in, with the offset of its bytes in the memory file. */
export function regionOf(at: bigint): { readonly region: Region; readonly offset: number } | undefined {
  let before = 0
  for (const region of regions) {
    if (at >= region.at && at < region.at + BigInt(region.size))
      return { region, offset: before + Number(at - region.at) }
    before += region.size
  }
  return undefined
}
