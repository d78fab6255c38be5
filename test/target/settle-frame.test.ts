import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, address, offsetBy } from '../../src/bytes/address.js'
import type { Frame } from '../../src/stacks/frame.js'
import { EditSet } from '../../src/target/edit-set.js'
import { settleFrame } from '../../src/target/settle-frame.js'
import { littleEndian, memoryOf, pretendTarget } from './pretend-target.js'

const SITE = address(0x40_1000n)
const AREA = address(0x30_0000n)
const TRAMPOLINE = offsetBy(AREA, 0x100)
const STACK = address(0x7ffc_0000_1000n)
const BODY = 32

const edits = new EditSet(
  [
    {
      site: SITE,
      before: new Uint8Array(5),
      after: new Uint8Array(5),
      trampoline: TRAMPOLINE,
      trampolineStart: 0x100,
      trampolineEnd: 0x140,
      points: [
        { original: 0, relocated: BODY },
        { original: 5, relocated: BODY + 12 },
      ],
      exits: [{ original: 0, relocated: BODY + 6, stackDelta: 8 }],
    },
  ],
  [{ start: AREA, end: offsetBy(AREA, 0x1000) }],
)

/** `lea -128(%rsp),%rsp; push %rbp`, and the word that it has pushed. */
function settled(pc: Address): Frame | undefined {
  const process = pretendTarget()
  process.poke(TRAMPOLINE, Buffer.from('488d64248055', 'hex'))
  process.poke(STACK, littleEndian(0x7777n))
  using memory = memoryOf(process)
  return settleFrame(memory, edits, { pc, sp: STACK, fp: address(1n), r10: undefined, isInterrupted: true })
}

test('before the displaced instructions, what the trampoline has done is undone', () => {
  const frame = settled(offsetBy(TRAMPOLINE, 6))
  assert.deepEqual([frame?.pc, frame?.sp, frame?.fp], [SITE, offsetBy(STACK, 136), 0x7777n])
})

test('a displaced instruction is the one that it stands for', () => {
  const frame = settled(offsetBy(TRAMPOLINE, BODY + 12))
  assert.deepEqual([frame?.pc, frame?.sp, frame?.fp], [offsetBy(SITE, 5), STACK, 1n])
})

test('amid a displaced call, its return address is not on the stack yet', () => {
  const frame = settled(offsetBy(TRAMPOLINE, BODY + 6))
  assert.deepEqual([frame?.pc, frame?.sp], [SITE, offsetBy(STACK, 8)])
})

test('what is elsewhere, or not known, is left to others', () => {
  assert.equal(settled(SITE), undefined)
  assert.equal(settled(offsetBy(TRAMPOLINE, BODY + 7)), undefined)
})
