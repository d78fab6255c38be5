import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, address } from '../../../src/bytes/address.js'
import { CFA, FRAME_POINTER, type UnwindRule, unknownRule, unwindRule } from '../../../src/dwarf/unwind-rule.js'
import { LONG_RESTORER, SHORT_RESTORER } from '../../../src/stacks/signal-frame.js'
import type { StackScene } from '../../../src/stacks/stack-scene.js'
import { stackStart } from '../../../src/stacks/stack-start.js'
import { walkStack } from '../../../src/stacks/walk-stack.js'
import type { CodeRange } from '../../../src/store/stack-tables.js'
import { missingTools } from '../../programs/build.js'
import { PseudoRandom } from '../../robustness/pseudo-random.js'
import { type WalkCase, type WalkWorld, walkAll } from './walk-cases.js'

const skip = missingTools('gcc') ?? false

const PAGE = 4096
const STACK = 0x7000_0000_0000n
/** Modules, and between them code about which nothing is said. */
const MODULES = [0x5000_0000_0000n, 0x5000_0000_4000n, 0x5000_0000_5000n]
const UNKNOWN = 0x5000_0000_2000n
const WORLDS = Number(process.env['RING3_WALK_WORLDS'] ?? 4)
const CASES = 2000

const kinds = [
  ...Array<number>(15).fill(CFA.fromStackPointer),
  CFA.fromFramePointer,
  CFA.fromFramePointer,
  CFA.keptAtFramePointer,
  CFA.keptAtStackPointer,
  CFA.linkageEntry,
  CFA.signalFrame,
  CFA.fromR10,
  CFA.end,
  CFA.unknown,
]

/** A world of any rules and any words, most of which make sense. */
class AnyWorld implements WalkWorld {
  readonly ranges: readonly CodeRange[]
  readonly words = new Map<bigint, bigint>()

  constructor(private readonly random: PseudoRandom) {
    this.ranges = MODULES.map((start) => this.#module(start))
    for (const start of [...MODULES, UNKNOWN]) this.#page(start, () => this.#codeWord())
    for (let page = 0; page < 4; page++) this.#page(STACK + BigInt(PAGE * page), () => this.#stackWord())
  }

  get scene(): StackScene {
    return {
      readWord: (at) => this.#read(at),
      unwindingAt: (pc) => this.ranges.find(({ start, end }) => start <= pc && pc < end),
      settle: (frame) => frame,
    }
  }

  case(): WalkCase & { readonly isEntry: boolean } {
    const isEntry = this.random.next() < 0.5
    const start = stackStart(address(this.#code()), isEntry, this.scene)
    const [sp, fp] = [this.#stack(4), this.random.next() < 0.1 ? this.#any() : this.#stack()]
    return { start, sp, fp, limit: 2 + Math.floor(this.random.below(30)), isEntry }
  }

  #module(start: bigint): CodeRange {
    const starts: number[] = []
    for (let at = Math.floor(this.random.below(20)); at < PAGE; at += 1 + Math.floor(this.random.below(40)))
      starts.push(at)
    const base = 0x1000
    const table = {
      base,
      count: starts.length,
      starts: Uint32Array.from(starts),
      rules: Uint32Array.from(starts, () => this.#rule()),
    }
    return { start, end: start + BigInt(PAGE), bias: start - BigInt(base), table }
  }

  #rule(): UnwindRule {
    const kind = this.random.pick(kinds)
    if (kind === CFA.unknown) return unknownRule
    const framePointer = this.random.pick([0, 0, 0, 2, 2, 3, 5, FRAME_POINTER.lost, FRAME_POINTER.atItself])
    const offset =
      kind === CFA.linkageEntry ? 11 : Math.floor(this.random.below(12)) - (this.random.next() < 0.05 ? 9 : 0)
    return unwindRule(kind, kind === CFA.linkageEntry ? 0 : framePointer, offset)
  }

  #page(start: bigint, word: () => bigint): void {
    for (let at = 0; at < PAGE; at += 8) this.words.set(start + BigInt(at), BigInt.asUintN(64, word()))
  }

  #codeWord(): bigint {
    const made = this.random.pick([0xe5_89_48_55n, 0xec_8b_48_55n]) << BigInt(8 * Math.floor(this.random.below(5)))
    return this.random.pick([LONG_RESTORER, SHORT_RESTORER | 0xcc00_0000_0000_0000n, made, 0xc3n, this.#any()])
  }

  #stackWord(): bigint {
    const chance = this.random.next()
    if (chance < 0.7) return this.#code()
    if (chance < 0.95) return this.#stack()
    return this.random.pick([0n, 1n, 4095n, this.#any(), this.#stack() + 3n])
  }

  #code(): bigint {
    return this.random.pick([...MODULES, ...MODULES, UNKNOWN]) + BigInt(Math.floor(this.random.below(PAGE)))
  }

  /** In the first part of it. */
  #stack(parts = 1): bigint {
    return STACK + 8n * BigInt(Math.floor(this.random.below((4 * PAGE) / 8 / parts)))
  }

  #any(): bigint {
    const half = (): bigint => BigInt(Math.floor(this.random.below(2 ** 32)))
    return (half() << 32n) | half()
  }

  #read(at: Address): bigint | undefined {
    const shift = 8n * (at & 7n)
    const low = this.words.get(at & ~7n)
    if (shift === 0n || low === undefined) return low
    const high = this.words.get((at & ~7n) + 8n)
    return high === undefined ? undefined : BigInt.asUintN(64, (low >> shift) | (high << (64n - shift)))
  }
}

test('any rules and any words: machine code walks as src/stacks does', { skip }, (t) => {
  let frames = 0
  for (let seed = 1; seed <= WORLDS; seed++) {
    const world = new AnyWorld(new PseudoRandom(seed))
    const cases = Array.from({ length: CASES }, () => world.case())
    const found = walkAll(world, cases)
    for (const [at, { start, sp, fp, limit, isEntry }] of cases.entries()) {
      const frame = { pc: start.pc, sp: address(sp), fp: address(fp), r10: undefined, isInterrupted: true }
      const wanted = walkStack(frame, world.scene, { limit, isEntry })
      frames += wanted.length
      const description = `seed ${seed}, case ${at}: rule ${start.rule.toString(16)}`
      assert.equal(found[at], wanted.map((pc) => pc.toString(16)).join(' '), description)
    }
  }
  t.diagnostic(`${frames} frames in ${WORLDS * CASES} stacks`)
  assert.ok(frames > 2 * WORLDS * CASES)
})
