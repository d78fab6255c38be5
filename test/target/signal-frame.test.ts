import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from '../../src/bytes/address.js'
import { type RegisterName, Registers } from '../../src/target/registers.js'
import { buildSignalFrame, type SignalFrame } from '../../src/target/signal-frame.js'
import { missingTools } from '../programs/build.js'
import { kernelStructs } from './kernel-structs.js'
import { pretendTarget } from './pretend-target.js'

const TOP = address(0x7ffc_0001_2340n)
const mask = Buffer.from('0102030405060708', 'hex')
const lacking = missingTools('gcc')
const saved: readonly RegisterName[] = [
  ...(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'rip', 'eflags'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
]

function frameOf(registers: Registers, top = TOP): SignalFrame {
  return buildSignalFrame(pretendTarget(), 2, registers, mask, top)
}

function someRegisters(): Registers {
  const registers = new Registers()
  saved.forEach((name, index) => {
    registers.set(name, 0x1000n * BigInt(index + 1))
  })
  registers.set('orig_rax', -1n)
  return registers
}

test('every register and the mask lie where rt_sigreturn looks for them', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const structs = kernelStructs()
  const { bytes } = frameOf(someRegisters())
  saved.forEach((name, index) => {
    assert.equal(bytes.readBigUInt64LE(structs.get(`context ${name}`)), 0x1000n * BigInt(index + 1), name)
  })
  assert.equal(bytes.readUInt16LE(structs.get('context cs')), 0x33)
  const maskAt = structs.get('context sigmask') ?? assert.fail()
  assert.deepEqual(bytes.subarray(maskAt, maskAt + 8), mask)
})

test('the vector state lies at a multiple of 64 within the frame, marked at both ends', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const { bytes, address: start } = frameOf(someRegisters())
  const fpstate = bytes.readBigUInt64LE(kernelStructs().get('context fpstate'))
  assert.equal(fpstate % 64n, 0n)
  const at = Number(fpstate - start)
  const size = bytes.readUInt32LE(at + 464 + 16)
  assert.equal(bytes.readUInt32LE(at + 464), 0x46505853)
  assert.equal(bytes.readUInt32LE(at + size), 0x46505845)
  assert.equal(bytes.readUInt32LE(at + 464 + 4), size + 4)
  assert.ok(at + size + 4 <= bytes.length)
})

test('a frame ends at its top, wherever that is, and its ucontext is aligned', () => {
  for (const top of [TOP, TOP + 1n, TOP + 8n, TOP + 63n]) {
    const { address: start, bytes, ucontext } = frameOf(someRegisters(), address(top))
    assert.equal(start + BigInt(bytes.length), top)
    assert.equal(ucontext, start)
    assert.equal(ucontext % 16n, 0n)
  }
})

test('a thread in a call that is run again returns to the call, with its number', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const structs = kernelStructs()
  const registers = someRegisters()
  registers.set('rip', 0x40_1002n)
  registers.set('rax', -512n)
  registers.set('orig_rax', 202n)
  const { bytes } = frameOf(registers)
  assert.equal(bytes.readBigUInt64LE(structs.get('context rip')), 0x40_1000n)
  assert.equal(bytes.readBigUInt64LE(structs.get('context rax')), 202n)
})
