import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from '../../src/bytes/address.js'
import { CFA, unwindRule } from '../../src/dwarf/unwind-rule.js'
import type { UnwindTable } from '../../src/dwarf/unwind-table.js'
import type { Frame } from '../../src/stacks/frame.js'
import type { StackScene } from '../../src/stacks/stack-scene.js'
import { walkStack } from '../../src/stacks/walk-stack.js'
import { gregsOffset, UC_GREGS, UC_RIP, UC_RSP } from '../../src/target/signal-frame.js'

const CODE = 0x400000n
const STACK = 0x7000_0000n
const limit = 127

/** One rule for all code from CODE on, up to 64 KB; words by address. */
function scene(words: Readonly<Record<string, bigint>>, rule?: number): StackScene {
  const table: UnwindTable = { count: 1, base: 0, starts: Uint32Array.of(0), rules: Uint32Array.of(rule ?? 0) }
  const isCode = (pc: bigint): boolean => rule !== undefined && pc >= CODE && pc < CODE + 0x10000n
  return {
    readWord: (at) => words[String(at)],
    unwindingAt: (pc) => (isCode(pc) ? { table, bias: CODE } : undefined),
    settle: (frame) => frame,
  }
}

function words(from: bigint, ...values: readonly bigint[]): Record<string, bigint> {
  return Object.fromEntries(values.map((value, at) => [String(from + 8n * BigInt(at)), value]))
}

function frame(pc: bigint, sp: bigint, fp = 0n): Frame {
  return { pc: address(pc), sp: address(sp), fp: address(fp), r10: undefined, isInterrupted: true }
}

test('the walk ends at a return address of zero', () => {
  const given = scene(words(STACK, CODE + 2n, CODE + 3n, 0n), unwindRule(CFA.fromStackPointer, 0, 1))
  const options = { limit, isEntry: true }
  assert.deepEqual(walkStack(frame(CODE + 1n, STACK), given, options), [CODE + 1n, CODE + 2n, CODE + 3n])
})

test('the walk ends where the stack cannot be read', () => {
  const given = scene(words(STACK, CODE + 2n), unwindRule(CFA.fromStackPointer, 0, 1))
  assert.equal(walkStack(frame(CODE, STACK), given, { limit, isEntry: true }).length, 2)
})

test('a stack that does not go up is no stack', () => {
  const given = scene(words(STACK - 8n, CODE), unwindRule(CFA.fromStackPointer, 0, 0))
  assert.equal(walkStack(frame(CODE, STACK), given, { limit, isEntry: true }).length, 1)
  const loop = scene(words(STACK, STACK, CODE), unwindRule(CFA.fromFramePointer, 2, 2))
  assert.equal(walkStack(frame(CODE, STACK, STACK), loop, { limit, isEntry: true }).length, 2)
})

test('there are at most as many addresses as were asked for', () => {
  const given = scene(words(STACK, ...Array<bigint>(200).fill(CODE + 1n)), unwindRule(CFA.fromStackPointer, 0, 1))
  assert.equal(walkStack(frame(CODE, STACK), given, { limit: 5, isEntry: true }).length, 5)
  assert.equal(walkStack(frame(CODE, STACK), given, { limit, isEntry: true }).length, limit)
})

test('without tables: at an entry the caller is on top of the stack, behind it frame pointers lead', () => {
  const memory = {
    ...words(STACK, CODE + 2n),
    ...words(STACK + 64n, STACK + 96n, CODE + 3n),
    ...words(STACK + 96n, 0n, 0n),
  }
  const walk = (isEntry: boolean) => walkStack(frame(CODE, STACK, STACK + 64n), scene(memory), { limit, isEntry })
  assert.deepEqual(walk(true), [CODE, CODE + 2n, CODE + 3n])
  assert.deepEqual(walk(false), [CODE, CODE + 3n])
})

test('without tables: a function that has pushed rbp, and not taken its frame yet', () => {
  const memory = {
    ...words(STACK, STACK + 64n, CODE + 2n),
    ...words(STACK + 64n, 0n, CODE + 3n),
    // push %rbp; mov %rsp,%rbp
    [String(CODE - 1n)]: 0x90_90_90_90_e5_89_48_55n,
    [String(CODE)]: 0x90_90_90_90_90_e5_89_48n,
  }
  const walked = walkStack(frame(CODE, STACK, STACK + 64n), scene(memory), { limit, isEntry: false })
  assert.deepEqual(walked, [CODE, CODE + 2n, CODE + 3n])
})

test('a signal frame leads to what was interrupted, on a stack further down too', () => {
  const ucontext = STACK + 0x1000n
  const saved = (name: 'rip' | 'rsp' | 'rbp' | 'r10', value: bigint): Record<string, bigint> =>
    words(ucontext + BigInt(UC_GREGS + gregsOffset(name)), value)
  const memory = {
    ...saved('rip', CODE + 9n),
    ...saved('rsp', STACK),
    ...saved('rbp', 0n),
    ...saved('r10', 0n),
    ...words(STACK, CODE + 2n, 0n),
    // mov $15,%rax; syscall, in code without tables
    [String(0x5000n)]: 0x0f_00_00_00_0f_c0_c7_48n,
  }
  const given = scene(memory, unwindRule(CFA.fromStackPointer, 0, 1))
  const walked = walkStack(frame(0x5000n, ucontext), given, { limit, isEntry: false })
  assert.deepEqual(walked, [0x5000n, CODE + 9n, CODE + 2n])
  assert.deepEqual([UC_RIP, UC_RSP], [168, 160])
})

test('any words for a stack: the walk ends, and never goes down', () => {
  let state = 1n
  const chance = (): bigint => (state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n))
  for (let round = 0; round < 2000; round++) {
    const rule = Number(chance() >> 32n)
    const readWord = (): bigint => (chance() % 3n === 0n ? chance() : STACK + (chance() >> 50n) * 8n)
    const wild = { ...scene({}, rule), readWord: (at: bigint) => (at % 7n === 0n ? undefined : readWord()) }
    assert.ok(walkStack(frame(CODE + 5n, STACK, STACK), wild, { limit, isEntry: round % 2 === 0 }).length <= limit)
  }
})
