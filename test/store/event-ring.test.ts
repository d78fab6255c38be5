import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventPayload, RECORD, SKIPPED } from '../../src/store/event-layout.js'
import { EventRings } from '../../src/store/event-ring.js'
import { programLayout, ringOffset, SLOT, slotOffset } from '../../src/store/program-layout.js'
import { ProgramReader } from '../../src/store/program-reader.js'
import { compiled } from '../lang/run-program.js'
import { eventList } from './event-list.js'

const program = compiled(
  'uprobe:a:b { printf("%d %d", arg0, arg1); print("text"); @[arg0, comm] = hist(arg1); @n = count(); @s = comm; clear(@) }',
)
const layout = programLayout(program, { slots: 2, ringBytes: 4096, stackTableBytes: 0, stackParts: 4 })
const start = ringOffset(layout, 1)

/** An area with the bytes in the second slot's ring. */
function areaWith(ring: Uint8Array, head: bigint, tail: bigint): Buffer {
  const area = Buffer.alloc(layout.size)
  area.set(ring, start)
  area.writeBigUInt64LE(head, slotOffset(layout, 1) + SLOT.head)
  area.writeBigUInt64LE(tail, slotOffset(layout, 1) + SLOT.tail)
  return area
}

function drained(area: Buffer) {
  return new EventRings(program, layout, (offset, length) => area.subarray(offset, offset + length)).drain(1)
}

function header(position: bigint, event: number, size: number): bigint {
  return (BigInt.asUintN(32, position / 8n + 1n) << 32n) | BigInt(((size / 8) << 16) | event)
}

const size = RECORD.payload + eventPayload(program, 0).size
const words = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })

test('whatever a ring holds, its records are whole, of the program, and in the ring', () => {
  const position = fc.oneof(
    words,
    fc.bigInt({ min: 0n, max: 9000n }),
    fc.bigInt({ min: 0n, max: 1200n }).map((at) => 8n * at),
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4096, maxLength: 4096 }), position, position, (ring, head, tail) => {
      const area = areaWith(ring, head, tail)
      const { events, isCorrupt, tail: next } = drained(area)
      assert.ok(isCorrupt || next >= tail)
      for (const { event, values } of eventList(events))
        assert.equal(values.length, eventPayload(program, event).types.length)
    }),
    { numRuns: 500 },
  )
})

/** Headers that are nearly right get further into the reader than random bytes. */
test('headers with one wrong bit never give a record that leaves the ring', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 0, max: 63 }),
      fc.integer({ min: 0, max: 5 }),
      (record, bit, bad) => {
        const tail = BigInt(size * record)
        const area = areaWith(new Uint8Array(4096), tail + BigInt(6 * size), tail)
        for (let at = 0; at < 6; at++) {
          const position = tail + BigInt(at * size)
          const place = Number(position % 4096n)
          if (place + size > 4096) return
          const flip = at === bad ? 1n << BigInt(bit) : 0n
          area.writeBigUInt64LE(header(position, 0, size) ^ flip, start + place)
        }
        const { events, isCorrupt, tail: next } = drained(area)
        assert.equal(events.length, bad)
        assert.equal(next, isCorrupt ? tail + BigInt(6 * size) : tail + BigInt(bad * size))
      },
    ),
  )
})

test('a record that is not written yet ends a reading, and comes with the next one', () => {
  const area = areaWith(new Uint8Array(4096), BigInt(2 * size), 0n)
  area.writeBigUInt64LE(header(0n, 0, size), start)
  const first = drained(area)
  assert.deepEqual([first.events.length, first.tail, first.isCorrupt], [1, BigInt(size), false])
  area.writeBigUInt64LE(header(BigInt(size), 0, size), start + size)
  area.writeBigUInt64LE(first.tail, slotOffset(layout, 1) + SLOT.tail)
  assert.deepEqual(drained(area).tail, BigInt(2 * size))
})

test('what is left before the end of a ring is skipped', () => {
  const tail = 4096n * 7n - 8n
  const area = areaWith(new Uint8Array(4096), tail + 8n + BigInt(size), tail)
  area.writeBigUInt64LE(header(tail, SKIPPED, 8), start + 4088)
  area.writeBigUInt64LE(header(tail + 8n, 0, size), start)
  const { events, tail: next } = drained(area)
  assert.deepEqual([events.length, next], [1, tail + 8n + BigInt(size)])
})

test('a data area of random bytes gives snapshots, warnings and no exception', () => {
  const biased = fc.oneof(words, fc.constantFrom(0n, 1n, (1n << 64n) - 1n))
  fc.assert(
    fc.property(fc.array(biased, { minLength: 512, maxLength: 512 }), (some) => {
      const area = Buffer.alloc(layout.size)
      for (let at = 0; at < layout.size / 8; at++) area.writeBigUInt64LE(some[(at * 7) % 512] ?? 0n, 8 * at)
      const reader = new ProgramReader(program, layout, (offset, length) => area.subarray(offset, offset + length))
      for (const map of program.maps.keys()) assert.ok(reader.snapshot(map).entries.length <= 2 * 4096)
      assert.ok(reader.warnings().length >= 0 && reader.usedSlots().length <= 2)
    }),
    { numRuns: 20 },
  )
})
