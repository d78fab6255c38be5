import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REGISTERS_SIZE, type RegisterName, Registers } from '../../src/target/registers.js'
import { UC_CS, UC_RIP, UC_RSP } from '../../src/target/signal-frame.js'
import { missingTools } from '../programs/build.js'
import { kernelStructs } from './kernel-structs.js'

const names: readonly RegisterName[] = [
  ...(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
  ...(['orig_rax', 'rip', 'eflags', 'cs', 'ss', 'ds', 'es', 'fs', 'gs', 'fs_base', 'gs_base'] as const),
]

test('every register lies where <sys/user.h> says', (t) => {
  const missing = missingTools('gcc')
  if (missing !== undefined) return t.skip(missing)
  const structs = kernelStructs()
  assert.equal(REGISTERS_SIZE, structs.get('size regs'))
  for (const name of names) {
    const registers = new Registers()
    registers.set(name, 0x1122_3344_5566_7788n)
    assert.equal(registers.bytes.indexOf(0x88), structs.get(`regs ${name}`), name)
  }
})

test('what a signal frame saves lies where <ucontext.h> says', (t) => {
  const missing = missingTools('gcc')
  if (missing !== undefined) return t.skip(missing)
  const structs = kernelStructs()
  const expected = ['rip', 'rsp', 'cs'].map((name) => structs.get(`context ${name}`))
  assert.deepEqual([UC_RIP, UC_RSP, UC_CS], expected)
})

test('each register is set and read alone', () => {
  const registers = new Registers()
  names.forEach((name, index) => {
    registers.set(name, BigInt(index + 1))
  })
  assert.deepEqual(
    names.map((name) => registers.get(name)),
    names.map((_, index) => BigInt(index + 1)),
  )
})

test('values wrap around 64 bits, and are read with and without sign', () => {
  const registers = new Registers()
  registers.set('rax', -514n)
  assert.equal(registers.get('rax'), 2n ** 64n - 514n)
  assert.equal(registers.signed('rax'), -514n)
  registers.set('rip', 2n ** 64n + 0x40_1000n)
  assert.equal(registers.rip, 0x40_1000n)
})

test('a copy goes its own way', () => {
  const registers = new Registers()
  const copy = registers.copy()
  copy.set('rdi', 1n)
  assert.deepEqual([registers.get('rdi'), copy.get('rdi')], [0n, 1n])
})
