import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, address, offsetBy } from '../../src/bytes/address.js'
import { Registers } from '../../src/target/registers.js'
import { findRestorers, StackScanner } from '../../src/target/signal-stacks.js'
import { littleEndian, mapping, memoryOf, pretendTarget } from './pretend-target.js'

const TID = 7
const RESTORER = address(0x7f00_0000_1000n)
const RSP = address(0x7ffc_0000_1000n)

// struct rt_sigframe: return address, ucontext (flags, link, stack_t: 40 bytes), then sigcontext_64: 16 registers, rip,
// eflags, cs. Written down from arch/x86/include/uapi/asm/sigcontext.h, not taken from the code under test.
const GREGS = 8 + 40
const SAVED_RSP = 8 + 40 + 8 * 15
const SAVED_RIP = 8 + 40 + 8 * 16
const SAVED_CS = 8 + 40 + 8 * 18

interface Frame {
  readonly at: bigint
  readonly rip: bigint
  readonly rsp: bigint
  readonly cs?: bigint
  readonly restorer?: bigint
}

/** Addresses of the registers in the frames that are found. */
function found(frames: readonly Frame[], rsp: bigint = RSP): Address[] {
  const process = pretendTarget()
  for (const { at, rip, rsp: saved, cs = 0x33n, restorer = RESTORER } of frames) {
    process.poke(at, littleEndian(restorer))
    process.poke(at + BigInt(SAVED_RSP), littleEndian(saved))
    process.poke(at + BigInt(SAVED_RIP), littleEndian(rip))
    process.poke(at + BigInt(SAVED_CS), littleEndian(cs | (0x2bn << 48n)))
  }
  using memory = memoryOf(process)
  const registers = new Registers()
  registers.set('rsp', rsp)
  const scanner = new StackScanner(memory, [RESTORER], [])
  return scanner.scan([{ tid: TID, registers }]).map(({ gregs }) => gregs)
}

function gregsOf({ at }: Frame): Address {
  return offsetBy(address(at), GREGS)
}

test('a frame above the stack pointer is found, with the place of its registers', () => {
  const frame = { at: RSP + 0x200n, rip: 0x40_1003n, rsp: RSP + 0x800n }
  assert.deepEqual(found([frame]), [gregsOf(frame)])
})

test('a frame is found when the stack pointer stands on it, as at the restorer itself', () => {
  const frame = { at: RSP, rip: 0x40_1003n, rsp: RSP + 0x800n }
  assert.deepEqual(found([frame]), [gregsOf(frame)])
})

test('a frame is found when the stack pointer is not aligned', () => {
  const frame = { at: RSP + 0x80n, rip: 0x40_1003n, rsp: RSP + 0x800n }
  assert.deepEqual(found([frame], RSP + 3n), [gregsOf(frame)])
})

test('nested frames on one stack are all found', () => {
  const inner = { at: RSP + 0x100n, rip: 0x40_1003n, rsp: RSP + 0x1000n }
  const outer = { at: RSP + 0x1000n, rip: 0x40_2003n, rsp: RSP + 0x3000n }
  assert.deepEqual(found([inner, outer]), [inner, outer].map(gregsOf))
})

test('from an alternate stack the search goes on where the program was interrupted, through several stacks', () => {
  const onAlternate = { at: RSP + 0x100n, rip: 0x40_1003n, rsp: 0x7f11_0000_0000n }
  const onThread = { at: 0x7f11_0000_0400n, rip: 0x40_2003n, rsp: 0x7f22_0000_0000n }
  const onCoroutine = { at: 0x7f22_0000_0010n, rip: 0x40_3003n, rsp: 0x7f22_0000_1000n }
  assert.deepEqual(found([onAlternate, onThread, onCoroutine]), [onAlternate, onThread, onCoroutine].map(gregsOf))
})

test('frames that lead to each other do not keep the search going', () => {
  const one = { at: RSP + 0x100n, rip: 0x40_1003n, rsp: 0x7f11_0000_0000n }
  const other = { at: 0x7f11_0000_0400n, rip: 0x40_2003n, rsp: RSP }
  assert.ok(found([one, other]).length <= 8)
})

for (const [what, frame] of [
  ['below the stack pointer', { at: RSP - 0x400n }],
  ['out of line with the stack', { at: RSP + 0x104n }],
  ['with a code segment that no 64-bit program has', { at: RSP + 0x100n, cs: 0x23n }],
  ['with another return address', { at: RSP + 0x100n, restorer: RESTORER + 1n }],
  ['more than 64 KiB up', { at: RSP + 0x1_0000n }],
  ['cut off by the end of what is searched', { at: RSP + 0x1_0000n - 0x88n }],
] as const) {
  test(`what looks like a frame ${what} is none`, () => {
    assert.deepEqual(found([{ rip: 0x40_1003n, rsp: RSP + 0x800n, ...frame }]), [])
  })
}

test('restorers are found in executable memory, in each form that libraries have them', () => {
  const process = pretendTarget()
  const text = 0x7f00_0000_0000n
  process.poke(text + 0x10n, Buffer.from('48c7c00f0000000f05', 'hex'))
  process.poke(text + 0x101n, Buffer.from('b80f0000000f05', 'hex'))
  process.poke(text + 0x1ffan, Buffer.from('b80f0000000f05', 'hex'))
  process.poke(text + 0x3000n, Buffer.from('48c7c00f0000000f05', 'hex'))
  using memory = memoryOf(process)
  const maps = [
    mapping(text, text + 0x2000n, { executable: true, path: '/lib/libc.so.6' }),
    mapping(text + 0x3000n, text + 0x4000n, { path: '/lib/libc.so.6' }),
  ]
  const restorers = findRestorers(memory, maps)
  assert.deepEqual(restorers.toSorted(), [text + 0x10n, text + 0x101n])
})
