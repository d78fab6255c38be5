import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from '../../src/bytes/address.js'
import { Assembler, type Register } from '../../src/codegen/x64/assembler.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { assertEmits, emitted, memory, name32, name64, registers } from './emitted.js'

const displacements = [0, 8, 127, 128, -1, -128, -129, 4096, 0x7fff_ffff, -0x8000_0000]

const oneRegister: readonly [
  name: string,
  emit: (asm: Assembler, reg: Register) => void,
  text: (reg: Register) => string,
][] = [
  ['loadThreadPointer', (asm, reg) => asm.loadThreadPointer(reg), (reg) => `mov ${name64(reg)}, fs:[0x0]`],
  ['readProcessorId', (asm, reg) => asm.readProcessorId(reg), (reg) => `rdpid ${name64(reg)}`],
  ['push', (asm, reg) => asm.push(reg), (reg) => `push ${name64(reg)}`],
  ['pop', (asm, reg) => asm.pop(reg), (reg) => `pop ${name64(reg)}`],
  ['increment32', (asm, reg) => asm.increment32(reg), (reg) => `inc ${name32(reg)}`],
  ['decrement32', (asm, reg) => asm.decrement32(reg), (reg) => `dec ${name32(reg)}`],
  ['shiftRight32 by 1', (asm, reg) => asm.shiftRight32(reg, 1), (reg) => `shr ${name32(reg)}, 0x1`],
  ['shiftRight32 by 31', (asm, reg) => asm.shiftRight32(reg, 31), (reg) => `shr ${name32(reg)}, 0x1f`],
  ['shiftLeft64 by 7', (asm, reg) => asm.shiftLeft64(reg, 7), (reg) => `shl ${name64(reg)}, 0x7`],
  ['shiftLeft64 by 63', (asm, reg) => asm.shiftLeft64(reg, 63), (reg) => `shl ${name64(reg)}, 0x3f`],
  ['and32 with 12 bits', (asm, reg) => asm.and32(reg, 0xfff), (reg) => `and ${name32(reg)}, 0xfff`],
  ['and32 with all bits', (asm, reg) => asm.and32(reg, 0xffff_ffff), (reg) => `and ${name32(reg)}, 0xffffffff`],
  ['moveImmediate32 of 0', (asm, reg) => asm.moveImmediate32(reg, 0), (reg) => `mov ${name32(reg)}, 0x0`],
  [
    'moveImmediate32 of 2³¹',
    (asm, reg) => asm.moveImmediate32(reg, 2 ** 31),
    (reg) => `mov ${name32(reg)}, 0x80000000`,
  ],
]

for (const [name, emit, text] of oneRegister) {
  test(`${name}: the processor’s reading of all 16 registers`, () => {
    for (const reg of registers) assertEmits((asm) => emit(asm, reg), text(reg))
  })
}

const twoRegisters: readonly [
  string,
  (asm: Assembler, to: Register, from: Register) => void,
  (to: Register, from: Register) => string,
][] = [
  ['moveRegister', (asm, to, from) => asm.moveRegister(to, from), (to, from) => `mov ${name64(to)}, ${name64(from)}`],
  ['addRegister', (asm, to, from) => asm.addRegister(to, from), (to, from) => `add ${name64(to)}, ${name64(from)}`],
  [
    'multiply32',
    (asm, to, from) => asm.multiply32(to, from, 0x9e3779b1),
    (to, from) => `imul ${name32(to)}, ${to === from ? '' : `${name32(from)}, `}0x9e3779b1`,
  ],
  [
    'compareExchange',
    (asm, base, reg) => asm.compareExchange(base, reg),
    (base, reg) => `lock cmpxchg ${memory(base, 0)}, ${name64(reg)}`,
  ],
]

for (const [name, emit, text] of twoRegisters) {
  test(`${name}: the processor’s reading of all pairs of registers`, () => {
    for (const to of registers) for (const from of registers) assertEmits((asm) => emit(asm, to, from), text(to, from))
  })
}

const withMemory: readonly [
  string,
  (asm: Assembler, base: Register, at: number) => void,
  (operand: string) => string,
][] = [
  ['incrementMemory', (asm, base, at) => asm.incrementMemory(base, at), (operand) => `inc qword ptr ${operand}`],
  [
    'lockedIncrementMemory',
    (asm, base, at) => asm.lockedIncrementMemory(base, at),
    (operand) => `lock inc qword ptr ${operand}`,
  ],
  [
    'compareMemoryZero',
    (asm, base, at) => asm.compareMemoryZero(base, at),
    (operand) => `cmp qword ptr ${operand}, 0x0`,
  ],
  ['compareMemory with rsi', (asm, base, at) => asm.compareMemory(base, at, 6), (operand) => `cmp ${operand}, rsi`],
  ['compareMemory with r14', (asm, base, at) => asm.compareMemory(base, at, 14), (operand) => `cmp ${operand}, r14`],
  ['load of rdx', (asm, base, at) => asm.load(2, base, at), (operand) => `mov rdx, ${operand}`],
  ['load of r13', (asm, base, at) => asm.load(13, base, at), (operand) => `mov r13, ${operand}`],
]

for (const [name, emit, text] of withMemory) {
  test(`${name}: the processor’s reading of all bases and displacements, rsp, rbp, r12 and r13 among them`, () => {
    for (const base of registers) {
      for (const at of displacements) assertEmits((asm) => emit(asm, base, at), text(memory(base, at)))
    }
  })
}

test('storeByteIndexed: the processor’s reading of all low registers', () => {
  for (const base of [0, 1, 2, 3, 4, 5, 6, 7]) {
    for (const index of [0, 1, 2, 3, 5, 6, 7]) {
      const inside = memory(base, -4032).replace(/^\[(\w+)/, `[$1+${name64(index)}`)
      assertEmits((asm) => asm.storeByteIndexed(base, index, -4032, 0x81), `mov byte ptr ${inside}, 0x81`)
    }
  }
})

test('storeByteIndexed takes neither rsp as index nor high registers', () => {
  const asm = new Assembler(address(0))
  for (const [base, index] of [
    [0, 4],
    [8, 0],
    [0, 8],
  ] as const) {
    assert.throws(() => asm.storeByteIndexed(base, index, 0, 1), /low registers only/)
  }
})

test('moveStack: the processor’s reading of short and long distances, and nothing for 0', () => {
  for (const delta of [8, -8, 127, -128, 128, -129, 136, 0x7fff_ffff]) {
    assertEmits((asm) => asm.moveStack(delta), `lea rsp, ${memory(4, delta)}`)
  }
  assert.deepEqual(
    emitted((asm) => asm.moveStack(0)),
    [],
  )
})

test('the other instructions are what they are called', () => {
  assertEmits((asm) => asm.pushImmediate(0x1234), 'push 0x1234')
  assertEmits((asm) => asm.pushImmediate(0x7fff_fff8), 'push 0x7ffffff8')
  assertEmits((asm) => asm.saveFlags(), 'lahf', 'seto al')
  assertEmits((asm) => asm.restoreFlags(), 'add al, 0x7f', 'sahf')
  assertEmits((asm) => asm.return(), 'ret')
})

test('reaches says the same as the encoder of jumps at both ends of a rel32', () => {
  const from = address(0x7fff_0000_0000n)
  for (const delta of [0x7fff_ffffn, 0x8000_0000n, -0x8000_0000n, -0x8000_0001n]) {
    const to = address(from + delta)
    const encoded = x64.encodeJump(address(from - 5n), to, 5)
    assert.equal(Assembler.reaches(from, to), encoded instanceof Uint8Array, `${delta}`)
  }
})
