import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { address, offsetBy } from '../../src/bytes/address.js'
import type { KernelDoor } from '../../src/kernel/door.js'
import { EIO } from '../../src/kernel/errno.js'
import { faultyDoor } from '../../src/kernel/faulty-door.js'
import { KernelError } from '../../src/kernel/kernel-error.js'
import type { PretendProcess } from '../../src/kernel/pretend-process.js'
import { applyPatch, type Direction, type Edit, preparePatch } from '../../src/target/patch.js'
import { bytesAt, memoryOf, pretendTarget } from './pretend-target.js'

const TEXT = address(0x40_1000n)
const PAGES = 4
const SIZE = PAGES * 4096

function edit(offset: number, length = 5): Edit {
  const before = Uint8Array.from({ length }, (_, index) => (offset + index) & 0x7f)
  const after = Uint8Array.from({ length }, (_, index) => 0x80 | (offset + index * 3))
  return { site: offsetBy(TEXT, offset), before, after }
}

/** Two windows in each of three pages, the last at the very end of its page, in no order. */
const edits = [0x2100, 0x80, 0x1ffb, 0, 0x1000, 0x2ff2].map((offset) => edit(offset, offset === 0x2ff2 ? 14 : 5))

/** A process whose text has the edits' original bytes. */
function processWith(all: readonly Edit[], direction: Direction = 'install'): PretendProcess {
  const process = pretendTarget()
  process.poke(TEXT, Buffer.alloc(SIZE, 0xf4))
  for (const { site, before, after } of all) process.poke(site, direction === 'install' ? before : after)
  return process
}

function text(process: PretendProcess): Buffer {
  return bytesAt(process, TEXT, SIZE)
}

function patched(door: KernelDoor, all: readonly Edit[], direction: Direction, excluded: readonly Edit[] = []) {
  using memory = memoryOf(door)
  return applyPatch(memory, preparePatch(memory, all, direction), new Set(excluded))
}

test('an installation writes every window and nothing else', () => {
  const process = processWith(edits)
  const { done, unexpected } = patched(process, edits, 'install')
  assert.deepEqual(text(process), text(processWith(edits, 'remove')))
  assert.deepEqual([new Set(done), unexpected], [new Set(edits), []])
})

test('a removal brings back what an installation found, for any windows that do not overlap', () => {
  const slots = fc.uniqueArray(fc.nat(SIZE / 16 - 1), { maxLength: 60 })
  fc.assert(
    fc.property(slots, (chosen) => {
      const any = chosen.map((slot) => edit(slot * 16 + (slot % 3), slot % 2 === 0 ? 5 : 14))
      const process = processWith(any)
      const before = text(process)
      assert.deepEqual(patched(process, any, 'install').unexpected, [])
      assert.deepEqual(text(process), text(processWith(any, 'remove')))
      assert.deepEqual(patched(process, any, 'remove').unexpected, [])
      assert.deepEqual(text(process), before)
    }),
    { numRuns: 60 },
  )
})

for (const direction of ['install', 'remove'] as const) {
  test(`${direction}: bytes that are not as expected are left alone and reported, and the others written`, () => {
    const process = processWith(edits, direction)
    const [foreign] = edits
    assert.ok(foreign)
    process.poke(offsetBy(foreign.site, 4), Uint8Array.of(0xcc))
    const expected = text(process)
    for (const { site, before, after } of edits.slice(1)) {
      expected.set(direction === 'install' ? after : before, Number(site - TEXT))
    }
    const { done, unexpected } = patched(process, edits, direction)
    assert.deepEqual([new Set(done), unexpected], [new Set(edits.slice(1)), [foreign]])
    assert.deepEqual(text(process), expected)
  })

  test(`${direction}: when the kernel refuses the n-th call, for every n, all of the text is changed or none`, () => {
    let thrownTimes = 0
    for (let n = 1; ; n++) {
      const process = processWith(edits, direction)
      const before = text(process)
      const door = faultyDoor(process, n, EIO)
      const error = thrown(() => patched(door, edits, direction))
      if (door.failed === undefined) break
      assert.ok(error === undefined || (error instanceof KernelError && error.errno === EIO))
      const changed = text(processWith(edits, direction === 'install' ? 'remove' : 'install'))
      assert.deepEqual(text(process), error === undefined ? changed : before, `call ${n}, ${door.failed.name}`)
      if (error !== undefined) thrownTimes++
    }
    assert.ok(thrownTimes >= 4, `${thrownTimes} errors: the file and each of three pages`)
  })
}

test('what has changed between preparing and applying is judged by what is there then', () => {
  const process = processWith(edits)
  const [foreign] = edits
  assert.ok(foreign)
  using memory = memoryOf(process)
  const prepared = preparePatch(memory, edits, 'install')
  process.poke(foreign.site, Uint8Array.of(0xcc))
  process.poke(offsetBy(TEXT, 0x40), Uint8Array.of(0x90))
  const expected = text(process)
  for (const { site, after } of edits.slice(1)) expected.set(after, Number(site - TEXT))
  assert.deepEqual(applyPatch(memory, prepared).unexpected, [foreign])
  assert.deepEqual(text(process), expected)
})

test('edits that are excluded at the last moment are not written, and count neither as done nor as unexpected', () => {
  for (const excluded of edits) {
    const process = processWith(edits)
    const expected = text(process)
    const others = edits.filter((each) => each !== excluded)
    for (const { site, after } of others) expected.set(after, Number(site - TEXT))
    const { done, unexpected } = patched(process, edits, 'install', [excluded])
    assert.deepEqual([new Set(done), unexpected], [new Set(others), []])
    assert.deepEqual(text(process), expected)
  }
})

test('what was written is put back even when the kernel refuses twice more', () => {
  for (const written of [1, 2]) {
    const process = processWith(edits)
    const before = text(process)
    let writes = 0
    const inner = process
    const door: KernelDoor = {
      invoke(request) {
        if (request.name === 'pwrite64' && ++writes > written && writes <= written + 3) return -EIO
        return inner.invoke(request)
      },
      pointerTo: (bytes) => inner.pointerTo(bytes),
    }
    assert.ok(thrown(() => patched(door, edits, 'install')) instanceof KernelError)
    assert.deepEqual(text(process), before, `after ${written} pages`)
  }
})

test('every page changes in one write, which does not leave the page', () => {
  const process = processWith(edits)
  const inner = process
  const writes: { readonly from: bigint; readonly to: bigint }[] = []
  const watching: KernelDoor = {
    invoke(request) {
      const [, bytes, , at] = request.args
      if (request.name === 'pwrite64' && typeof at === 'bigint' && bytes instanceof Uint8Array) {
        writes.push({ from: at, to: at + BigInt(bytes.length) - 1n })
      }
      return inner.invoke(request)
    },
    pointerTo: (bytes) => inner.pointerTo(bytes),
  }
  patched(watching, edits, 'install')
  const pages = writes.map(({ from }) => from / 4096n)
  assert.ok(writes.every(({ from, to }) => from / 4096n === to / 4096n))
  assert.deepEqual(pages, [...new Set(pages)])
  assert.equal(pages.length, 3)
})

test('without edits nothing is written', () => {
  const process = processWith([])
  assert.deepEqual(patched(process, [], 'install'), { done: [], unexpected: [] })
  assert.deepEqual(text(process), Buffer.alloc(SIZE, 0xf4))
})

function thrown(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
