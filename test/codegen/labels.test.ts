import assert from 'node:assert/strict'
import { test } from 'node:test'
import { offsetBy } from '../../src/bytes/address.js'
import { Assembler, type Label } from '../../src/codegen/x64/assembler.js'
import { assertEmits, BASE, name64, registers } from './emitted.js'

const jumps: readonly [mnemonic: string, emit: (asm: Assembler, label: Label) => void, length: number][] = [
  ['jmp', (asm, label) => asm.jump(label), 5],
  ['call', (asm, label) => asm.call(label), 5],
  ['je', (asm, label) => asm.jumpIfEqual(label), 6],
  ['jne', (asm, label) => asm.jumpIfNotEqual(label), 6],
]

for (const [mnemonic, emit, length] of jumps) {
  test(`${mnemonic} reaches a label behind it and one before it`, () => {
    const behind: Label = { position: undefined }
    const forward = `${mnemonic} 0x${offsetBy(BASE, length + 1).toString(16)}`
    assertEmits(
      (asm) => {
        emit(asm, behind)
        asm.emit(0x90)
        asm.bind(behind)
      },
      forward,
      'nop',
    )
    const before: Label = { position: undefined }
    assertEmits(
      (asm) => {
        asm.bind(before)
        asm.emit(0x90)
        emit(asm, before)
      },
      'nop',
      `${mnemonic} 0x${BASE.toString(16)}`,
    )
  })
}

for (const [mnemonic, emit] of [
  ['mov', (asm: Assembler, to: number, label: Label) => asm.loadFrom(to, label)],
  ['add', (asm: Assembler, to: number, label: Label) => asm.addFrom(to, label)],
] as const) {
  test(`${mnemonic} reads the word at a label into all 16 registers`, () => {
    for (const to of registers) {
      const label: Label = { position: undefined }
      assertEmits(
        (asm) => {
          emit(asm, to, label)
          asm.emit(0x90)
          asm.bind(label)
        },
        `${mnemonic} ${name64(to)}, [0x${offsetBy(BASE, 8).toString(16)}]`,
        'nop',
      )
    }
  })
}

test('a label is bound once, and is bound in the end', () => {
  const asm = new Assembler(BASE)
  const label: Label = { position: undefined }
  asm.jump(label)
  assert.throws(() => asm.finish(), /every label is bound/)
  asm.bind(label)
  assert.throws(() => asm.bind(label), /a label is bound once/)
})

test('quads, alignment and appended bytes lie where they were put', () => {
  const asm = new Assembler(BASE)
  asm.quad(0xfedc_ba98_7654_3210n)
  asm.emit(1)
  asm.align(8)
  asm.append(Uint8Array.of(2, 3))
  asm.align(4, 0)
  assert.equal(asm.here, offsetBy(BASE, 20))
  assert.equal(asm.finish().toString('hex'), '1032547698badcfe01cccccccccccccc02030000')
})
