import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, offsetBy } from '../../src/bytes/address.js'
import { EditSet } from '../../src/target/edit-set.js'
import { type RegisterName, Registers } from '../../src/target/registers.js'
import { StackScanner } from '../../src/target/signal-stacks.js'
import type { StoppedThread } from '../../src/target/thread.js'
import { moveIntoTrampolines, moveOutOfTrampolines } from '../../src/target/thread-moves.js'
import { bytesAt, littleEndian, memoryOf, pretendTarget } from './pretend-target.js'

const SITE = address(0x40_1000n)
const AREA = address(0x30_0000n)
const TRAMPOLINE = offsetBy(AREA, 0x100)
const RESTORER = address(0x7f00_0000_1000n)
const STACK = address(0x7ffc_0000_1000n)
const FRAME = offsetBy(STACK, 0x200)
const SAVED_RIP = 8 + 40 + 8 * 16
const SAVED_CS = 8 + 40 + 8 * 18

/** `mov; syscall; …`: instructions begin at 0, 2 and 4 of the window and end at 7. */
const set = new EditSet(
  [
    {
      site: SITE,
      before: new Uint8Array(5),
      after: new Uint8Array(5),
      trampoline: TRAMPOLINE,
      trampolineStart: 0x100,
      trampolineEnd: 0x140,
      points: [
        { original: 0, relocated: 32 },
        { original: 2, relocated: 34 },
        { original: 4, relocated: 36 },
        { original: 7, relocated: 41 },
      ],
      exits: [
        { original: 4, relocated: 38, stackDelta: 16, restored: { register: 6, from: 'stack', offset: 8 } },
        { original: -100, relocated: 39, stackDelta: 0, restored: { register: 1, from: 'site', offset: 4 } },
      ],
    },
  ],
  [{ start: AREA, end: offsetBy(AREA, 0x1000) }],
)

function threadAt(registers: Partial<Record<RegisterName, bigint>>): StoppedThread {
  const made = new Registers()
  made.set('rsp', STACK)
  made.set('orig_rax', -1n)
  if (registers.orig_rax !== undefined) made.set('orig_rax', registers.orig_rax)
  if (registers.rax !== undefined) made.set('rax', registers.rax)
  if (registers.rip !== undefined) made.set('rip', registers.rip)
  return { tid: 2, registers: made }
}

interface Moved {
  readonly rip: bigint
  /** Where the thread goes on after its signal handler. */
  readonly saved: bigint
  readonly answer: unknown
}

/** The kernel is told of a move: what it holds is what counts. */
function moved(
  move: typeof moveIntoTrampolines | typeof moveOutOfTrampolines,
  thread: StoppedThread,
  saved = 0n,
): Moved {
  const process = pretendTarget()
  thread.registers.bytes.copy(process.registers)
  process.poke(FRAME, littleEndian(RESTORER))
  process.poke(offsetBy(FRAME, SAVED_RIP), littleEndian(saved))
  process.poke(offsetBy(FRAME, SAVED_CS), littleEndian(0x33n))
  using memory = memoryOf(process)
  const answer = move({ door: process, memory, stacks: new StackScanner(memory, [RESTORER], []) }, [thread], set)
  const kernel = new Registers(process.registers)
  assert.equal(kernel.rip, thread.registers.rip, 'the kernel and the thread’s copy agree')
  return { rip: kernel.rip, saved: bytesAt(process, offsetBy(FRAME, SAVED_RIP), 8).readBigUInt64LE(), answer }
}

const syscallBehind = (offset: number) => threadAt({ rip: offsetBy(SITE, offset), rax: -512n, orig_rax: 202n })

test('a thread inside a window is moved to the same instruction in the trampoline', () => {
  const { rip, answer } = moved(moveIntoTrampolines, threadAt({ rip: offsetBy(SITE, 2) }))
  assert.deepEqual([rip, answer], [offsetBy(TRAMPOLINE, 34), []])
})

test('a thread that is not in a window stays', () => {
  for (const offset of [-1, 0, 5, 7]) {
    const { rip, answer } = moved(moveIntoTrampolines, threadAt({ rip: offsetBy(SITE, offset) }))
    assert.deepEqual([rip, answer], [offsetBy(SITE, offset), []])
  }
})

test('a thread in the middle of an instruction stays, and its address is reported', () => {
  const { rip, answer } = moved(moveIntoTrampolines, threadAt({ rip: offsetBy(SITE, 3) }))
  assert.deepEqual([rip, answer], [offsetBy(SITE, 3), [offsetBy(SITE, 3)]])
})

test('a thread that will run its call again is moved so that the call is run in the trampoline', () => {
  assert.equal(moved(moveIntoTrampolines, syscallBehind(4)).rip, offsetBy(TRAMPOLINE, 36))
  assert.equal(moved(moveIntoTrampolines, syscallBehind(6)).rip, offsetBy(TRAMPOLINE, 38))
})

test('a thread that will run a call at the site again stays: it will take the jump', () => {
  assert.equal(moved(moveIntoTrampolines, syscallBehind(2)).rip, offsetBy(SITE, 2))
})

test('a signal handler that will return into a window returns into the trampoline', () => {
  const { rip, saved } = moved(moveIntoTrampolines, threadAt({ rip: 0x40_9000n }), offsetBy(SITE, 4))
  assert.deepEqual([rip, saved], [0x40_9000n, offsetBy(TRAMPOLINE, 36)])
})

test('a signal handler that will return into the middle of an instruction is reported', () => {
  const { saved, answer } = moved(moveIntoTrampolines, threadAt({ rip: 0x40_9000n }), offsetBy(SITE, 1))
  assert.deepEqual([saved, answer], [offsetBy(SITE, 1), [offsetBy(SITE, 1)]])
})

test('a thread at the beginning of a trampoline goes back to the site, uncounted', () => {
  const { rip, answer } = moved(moveOutOfTrampolines, threadAt({ rip: TRAMPOLINE }))
  assert.deepEqual([rip, answer], [SITE, 0])
})

test('a thread at a relocated instruction goes back to the original one', () => {
  const { rip, answer } = moved(moveOutOfTrampolines, threadAt({ rip: offsetBy(TRAMPOLINE, 41) }))
  assert.deepEqual([rip, answer], [offsetBy(SITE, 7), 0])
})

test('a thread in the counting part stays, and is counted as still inside', () => {
  for (const offset of [1, 31, 33, 42, 0x800]) {
    const { rip, answer } = moved(moveOutOfTrampolines, threadAt({ rip: offsetBy(TRAMPOLINE, offset) }))
    assert.deepEqual([rip, answer], [offsetBy(TRAMPOLINE, offset), 1])
  }
})

test('a thread that will run a relocated call again runs the original one', () => {
  const thread = threadAt({ rip: offsetBy(TRAMPOLINE, 36), rax: -514n, orig_rax: 232n })
  assert.deepEqual(moved(moveOutOfTrampolines, thread).rip, offsetBy(SITE, 4))
})

test('signal handlers return to the original code, and those that cannot yet are counted', () => {
  const free = moved(moveOutOfTrampolines, threadAt({ rip: 0x40_9000n }), offsetBy(TRAMPOLINE, 34))
  assert.deepEqual([free.saved, free.answer], [offsetBy(SITE, 2), 0])
  const inside = moved(moveOutOfTrampolines, threadAt({ rip: 0x40_9000n }), offsetBy(TRAMPOLINE, 5))
  assert.deepEqual([inside.saved, inside.answer], [offsetBy(TRAMPOLINE, 5), 1])
})

test('a thread in the middle of a moved instruction leaves with its stack pointer and the borrowed register', () => {
  const process = pretendTarget()
  const thread = threadAt({ rip: offsetBy(TRAMPOLINE, 38) })
  thread.registers.bytes.copy(process.registers)
  process.poke(offsetBy(STACK, 8), littleEndian(0x1234n))
  using memory = memoryOf(process)
  const target = { door: process, memory, stacks: new StackScanner(memory, [], []) }
  assert.equal(moveOutOfTrampolines(target, [thread], set), 0)
  const { registers } = thread
  assert.deepEqual(
    [registers.rip, registers.get('rsp'), registers.get('rsi')],
    [offsetBy(SITE, 4), offsetBy(STACK, 16), 0x1234n],
  )
})

test('a thread behind a moved loop or system call leaves for where that led', () => {
  const process = pretendTarget()
  const thread = threadAt({ rip: offsetBy(TRAMPOLINE, 39) })
  thread.registers.bytes.copy(process.registers)
  using memory = memoryOf(process)
  moveOutOfTrampolines({ door: process, memory, stacks: new StackScanner(memory, [], []) }, [thread], set)
  const { registers } = thread
  assert.deepEqual([registers.rip, registers.get('rcx')], [offsetBy(SITE, -100), offsetBy(SITE, 4)])
})
