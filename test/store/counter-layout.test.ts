import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addBlock,
  blockOffset,
  type CounterShape,
  counterLayout,
  counterOffset,
  DIRECTORY_OFFSET,
  denseLayout,
  LIVE_OFFSET,
  usedBlockBytes,
} from '../../src/store/counter-layout.js'

const PAGE = 4096
const shapes = fc.record({ sites: fc.integer({ min: 1, max: 2_000_000 }), blocks: fc.integer({ min: 1, max: 65_536 }) })

function forShapes(fact: (shape: CounterShape, layout: ReturnType<typeof counterLayout>) => void): void {
  fc.assert(fc.property(shapes, (shape) => fact(shape, counterLayout(shape))))
}

test('live word, directory, blocks and overflow block follow each other without overlap', () => {
  forShapes(({ blocks }, layout) => {
    assert.ok(LIVE_OFFSET + 8 <= DIRECTORY_OFFSET)
    assert.ok(DIRECTORY_OFFSET + blocks <= layout.blocksOffset)
    assert.equal(blockOffset(layout, 0), layout.blocksOffset)
    assert.equal(blockOffset(layout, blocks), layout.overflowOffset)
    assert.ok(blockOffset(layout, blocks) + 2 ** layout.strideShift <= layout.size)
  })
})

test('the key and all counters of a block lie within its stride', () => {
  forShapes(({ sites }, layout) => {
    assert.equal(counterOffset(0), 8)
    assert.equal(counterOffset(sites - 1) + 8, usedBlockBytes(layout))
    assert.ok(usedBlockBytes(layout) <= 2 ** layout.strideShift)
  })
})

test('no more than twice the room is taken that counters need, beyond the two cache lines of a small block', () => {
  forShapes((_, layout) => {
    assert.ok(2 ** layout.strideShift <= Math.max(128, 2 * usedBlockBytes(layout)))
  })
})

test('blocks begin at pairs of cache lines, and the area is whole pages', () => {
  forShapes(({ blocks }, layout) => {
    assert.equal(layout.blocksOffset % PAGE, 0)
    assert.equal(blockOffset(layout, blocks - 1) % 128, 0)
    assert.equal(layout.size % PAGE, 0)
    assert.ok(Number.isSafeInteger(layout.size))
  })
})

test('a block that is full to the last byte has the stride of its size, and one more counter doubles it', () => {
  for (const shift of [7, 8, 12, 20]) {
    const full = 2 ** shift / 8 - 1
    assert.equal(counterLayout({ sites: full, blocks: 1 }).strideShift, shift)
    assert.equal(counterLayout({ sites: full + 1, blocks: 1 }).strideShift, shift + 1)
  }
})

test('a layout has at least one site and one block', () => {
  for (const shape of [
    { sites: 0, blocks: 1 },
    { sites: 1, blocks: 0 },
    { sites: -1, blocks: 4 },
  ]) {
    assert.throws(() => counterLayout(shape), /at least one site and one block/)
  }
})

test('a dense layout is its counters side by side, without a key and without an overflow block', () => {
  const layout = denseLayout(5)
  const places = [0, 1, 2, 3, 4].map((site) => blockOffset(layout, 0) + counterOffset(site))
  assert.deepEqual(places, [0, 8, 16, 24, 32])
  assert.deepEqual([layout.size, layout.overflowOffset], [40, undefined])
})

test('totals are the sums over all blocks, whatever their keys', () => {
  const counters = fc.array(fc.array(fc.bigInt(0n, 2n ** 40n), { minLength: 3, maxLength: 3 }), { maxLength: 8 })
  fc.assert(
    fc.property(counters, (blocks) => {
      const totals = new BigUint64Array(3)
      for (const block of blocks) addBlock(totals, blockBytes(0xdead_beefn, block))
      for (const site of [0, 1, 2]) {
        assert.equal(
          totals[site],
          blocks.reduce((sum, block) => sum + (block[site] ?? 0n), 0n),
        )
      }
    }),
  )
})

test('a block that was read in part adds what was read', () => {
  const totals = new BigUint64Array(3)
  addBlock(totals, blockBytes(1n, [10n, 20n, 30n]).subarray(0, 8 * 3 + 4))
  assert.deepEqual([...totals], [10n, 20n, 0n])
})

/** At an odd place in its buffer, as pieces of larger reads are. */
function blockBytes(key: bigint, counters: readonly bigint[]): Uint8Array {
  const bytes = Buffer.alloc(3 + counterOffset(counters.length)).subarray(3)
  bytes.writeBigUInt64LE(key, 0)
  for (const [site, count] of counters.entries()) bytes.writeBigUInt64LE(count, counterOffset(site))
  return bytes
}
