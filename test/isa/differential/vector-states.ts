import type { PseudoRandom } from '../../robustness/pseudo-random.js'

/** Components as instruction-runner.c has them: legacy, upper halves of ymm, mask registers, upper halves of zmm, zmm16–31. */
const SIZES = [416, 256, 64, 512, 1024] as const
const STATE_SIZE = SIZES.reduce((sum, size) => sum + size, 0)
const ORDINARY = 12
const SMALL_INDEXES = 4

export const vectorStateCount = ORDINARY + SMALL_INDEXES

/** A state whose vector registers hold small numbers as dwords and as quadwords: indexes that stay in the data. */
export function smallIndexState(random: PseudoRandom): number {
  return ORDINARY + Math.floor(random.below(SMALL_INDEXES))
}

export function anyState(random: PseudoRandom): number {
  return Math.floor(random.below(vectorStateCount))
}

/** The vector states that runs choose from, one after the other. */
export function vectorStates(random: PseudoRandom): Buffer {
  return Buffer.concat(Array.from({ length: vectorStateCount }, (_, index) => vectorState(random, index >= ORDINARY)))
}

function vectorState(random: PseudoRandom, smallIndexes: boolean): Buffer {
  const state = Buffer.alloc(STATE_SIZE)
  for (let at = 0; at < STATE_SIZE; at += 4) {
    const index = at % 8 === 0 ? random.below(16) : 0
    state.writeUInt32LE(Math.floor(smallIndexes ? index : randomLane(random)), at)
  }
  writeControl(state, random)
  return state
}

/** Bits of any kind, or halves of numbers that arithmetic does something ordinary with. */
function randomLane(random: PseudoRandom): number {
  const kind = random.below(1)
  if (kind < 0.5) return random.below(2 ** 32)
  if (kind < 0.6) return 0
  return kind < 0.8 ? 0x3f800000 + random.below(0x1000000) : 0x40000000 + random.below(0x100000)
}

/** The control words of FXSAVE (SDM vol. 1, 10.5.1): exceptions masked, any rounding; the x87 stack full, half full or empty. */
function writeControl(state: Buffer, random: PseudoRandom): void {
  state.fill(0, 0, 32)
  state.writeUInt16LE(0x37f | (Math.floor(random.below(4)) << 10), 0)
  state.writeUInt8(random.pick([0, 0xff, 0x3c]), 4)
  state.writeUInt32LE(0x1f80 | (Math.floor(random.below(4)) << 13), 24)
  for (let register = 0; register < 8; register++) {
    const at = 32 + 16 * register
    state.fill(0, at + 10, at + 16)
    state.writeUInt16LE(0x3fff + Math.floor(random.below(8)), at + 8)
  }
}
