import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KernelDoor } from '../../src/kernel/door.js'
import { PerfRing } from '../../src/kernel/perf-ring.js'
import { openRealDoor } from '../../src/kernel/real-door.js'

const PAGE = 4096
const DATA = 64 * PAGE
const HEAD = 1024
const TAIL = 1032
const real = openRealDoor()

/** A ring in memory of this process, written as the kernel would. */
class PretendRing {
  readonly memory = Buffer.alloc(PAGE + DATA)
  readonly unmapped: number[] = []
  readonly ring: PerfRing

  constructor(start: number) {
    this.memory.writeBigUInt64LE(BigInt(start), HEAD)
    this.memory.writeBigUInt64LE(BigInt(start), TAIL)
    const door: KernelDoor = {
      invoke: ({ name, args }) => {
        if (name === 'mmap') return Number(real.pointerTo(this.memory))
        this.unmapped.push(Number(args[1]))
        return 0
      },
      pointerTo: () => 0n,
    }
    this.ring = new PerfRing(door, 3)
  }

  get tail(): number {
    return Number(this.memory.readBigUInt64LE(TAIL))
  }

  /** Appends a record; the head moves behind it. */
  write(type: number, body: readonly number[]): void {
    const header = Buffer.alloc(8)
    header.writeUInt32LE(type, 0)
    header.writeUInt16LE(8 + body.length, 6)
    let head = Number(this.memory.readBigUInt64LE(HEAD))
    for (const byte of [...header, ...body]) this.memory[PAGE + (head++ % DATA)] = byte
    this.memory.writeBigUInt64LE(BigInt(head), HEAD)
  }
}

function bytes(length: number, first: number): number[] {
  return Array.from({ length }, (_, index) => (first + index) & 0xff)
}

test('records come out once, in order, and make room', () => {
  const pretend = new PretendRing(0)
  pretend.write(9, bytes(16, 1))
  pretend.write(2, bytes(8, 50))
  const drained = pretend.ring.drain()
  assert.deepEqual(
    drained.map(({ type, body }) => [type, [...body]]),
    [
      [9, bytes(16, 1)],
      [2, bytes(8, 50)],
    ],
  )
  assert.equal(pretend.tail, 40)
  assert.deepEqual(pretend.ring.drain(), [])
})

test('a record around the end of the ring is whole, wherever it is cut', () => {
  for (let before = 8; before < 40; before += 8) {
    const pretend = new PretendRing(DATA * 3 - before)
    pretend.write(9, bytes(32, 7))
    assert.deepEqual(
      pretend.ring.drain().map(({ body }) => [...body]),
      [bytes(32, 7)],
      `${before} bytes before the end`,
    )
  }
})

test('positions beyond 2^32 are no other', () => {
  const pretend = new PretendRing(2 ** 40)
  pretend.write(9, bytes(8, 3))
  assert.equal(pretend.ring.drain().length, 1)
  assert.equal(pretend.tail, 2 ** 40 + 16)
})

test('a record that the kernel cannot have written is noticed', () => {
  const pretend = new PretendRing(0)
  pretend.memory.writeBigUInt64LE(16n, HEAD)
  assert.throws(() => pretend.ring.drain(), /a record of 0 bytes/)
})

test('the whole mapping is given back', () => {
  const pretend = new PretendRing(0)
  pretend.ring[Symbol.dispose]()
  assert.deepEqual(pretend.unmapped, [PAGE + DATA])
})
