import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Address, address } from '../../src/bytes/address.js'
import type { Mapping } from '../../src/target/memory-map.js'
import { placeAnywhere, placeNear, type Span, withTaken } from '../../src/target/placement.js'
import { mapping } from './pretend-target.js'

const PAGE = 4096n
const MB = 1n << 20n
const GB = 1n << 30n
const END = 0x7fff_ffff_f000n
const KERNEL = mapping(0xffff_ffff_ff60_0000n, 0xffff_ffff_ff60_1000n, { path: '[vsyscall]' })

/** Sorted mappings with gaps between them: some small, some of several GiB; a heap behind the first, a stack at the end. */
const layouts = fc
  .record({
    first: fc.bigInt(16n, 0x6_0000_0000n),
    parts: fc.array(
      fc.record({
        gap: fc.oneof(fc.bigInt(0n, 64n), fc.bigInt(0n, 0x2000n), fc.bigInt(0n, 0x20_0000n)),
        pages: fc.oneof(fc.bigInt(1n, 64n), fc.bigInt(1n, 0x4_0000n)),
      }),
      { minLength: 3, maxLength: 12 },
    ),
    heap: fc.boolean(),
  })
  .map(({ first, parts, heap }) => {
    let at = first
    return parts.map(({ gap, pages }, index): Mapping => {
      const start = (at + gap) * PAGE
      at += gap + pages
      const path = index === 1 && heap ? '[heap]' : index === parts.length - 1 ? '[stack]' : `/module-${index}`
      return mapping(start, at * PAGE, { path, writable: path.startsWith('[') })
    })
  })

const sizes = fc
  .oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 100_000 }))
  .map((pages) => pages * 4096)

function spanOf(module: Mapping | undefined): Span {
  assert.ok(module)
  return module
}

function assertFree(maps: readonly Mapping[], at: Address, size: number): void {
  const end = at + BigInt(size)
  assert.equal(at % PAGE, 0n)
  assert.ok(at >= MB && end <= END, `${at.toString(16)} is an address that can be had`)
  for (const each of maps) assert.ok(end <= each.start || at >= each.end, `${at.toString(16)} overlaps ${each.path}`)
}

test('what is placed is page-aligned, and overlaps no mapping', () => {
  fc.assert(
    fc.property(layouts, sizes, (maps, size) => {
      for (const at of [placeNear(maps, spanOf(maps[0]), size), placeAnywhere(maps, spanOf(maps[0]), size)]) {
        if (at !== undefined) assertFree(maps, at, size)
      }
    }),
    { numRuns: 1000 },
  )
})

test('what is placed near reaches all of the span with rel32, and is reached', () => {
  fc.assert(
    fc.property(layouts, sizes, fc.nat(), (maps, size, choice) => {
      const span = spanOf(maps[choice % maps.length])
      const at = placeNear(maps, span, size)
      if (at === undefined) return
      const least = at < span.start ? at : span.start
      const most = at + BigInt(size) > span.end ? at + BigInt(size) : span.end
      assert.ok(most - least < 2n * GB)
    }),
    { numRuns: 1000 },
  )
})

test('the stack has room to grow: nothing is placed in the 64 MB below it', () => {
  fc.assert(
    fc.property(layouts, sizes, (maps, size) => {
      const stack = spanOf(maps.at(-1))
      const below = spanOf(maps.at(-2))
      for (const at of [placeNear(maps, stack, size), placeNear(maps, below, size), placeAnywhere(maps, stack, size)]) {
        assert.ok(at === undefined || at < below.end || at >= stack.end || at + BigInt(size) + 64n * MB <= stack.start)
      }
    }),
    { numRuns: 1000 },
  )
})

test('a place that is free far away is found when none is near', () => {
  fc.assert(
    fc.property(layouts, sizes, (maps, size) => {
      const span = spanOf(maps[0])
      assert.ok(placeNear(maps, span, size) === undefined || placeAnywhere(maps, span, size) !== undefined)
    }),
  )
})

/** An executable as linked without PIE, its heap, a library and the stack. */
const nonPie = [
  mapping(0x40_0000n, 0x40_2000n, { path: '/bin/old' }),
  mapping(0x40_2000n, 0x40_4000n, { path: '/bin/old', writable: true }),
  mapping(0x40_4000n, 0x42_5000n, { path: '[heap]', writable: true }),
  mapping(0x7f00_0000_0000n, 0x7f00_0020_0000n, { path: '/lib/libc.so' }),
  mapping(0x7ffc_0000_0000n, 0x7ffc_0002_1000n, { path: '[stack]', writable: true }),
  KERNEL,
]
const nonPieSpan: Span = { start: address(0x40_0000n), end: address(0x40_4000n) }

test('an executable at 4 MB is served from below', () => {
  const at = placeNear(nonPie, nonPieSpan, 65536)
  assert.ok(at !== undefined && at >= MB && at + 65536n <= 0x40_0000n)
})

test('what does not fit below 4 MB goes above the heap, as far from it as rel32 reaches', () => {
  const at = placeNear(nonPie, nonPieSpan, 8 << 20)
  assert.ok(at !== undefined && at > 0x42_5000n + GB)
})

test('the hole between an executable and a heap at a random distance serves too', () => {
  const random = nonPie.map((each) =>
    each.path === '[heap]' ? mapping(0x1c3_d000n, 0x1c5_e000n, { path: '[heap]', writable: true }) : each,
  )
  const at = placeNear(random, nonPieSpan, 8 << 20)
  assert.ok(at !== undefined && at > 0x40_4000n && at + (8n << 20n) < 0x1c3_d000n)
})

test('a heap that is not there yet has its room kept behind the executable', () => {
  const noHeap = nonPie.filter(({ path }) => path !== '[heap]')
  const at = placeNear(noHeap, nonPieSpan, 8 << 20)
  assert.ok(at !== undefined && at > 0x40_4000n + GB)
})

test('a position-independent executable is served from below, out of the heap’s way', () => {
  const pie = [
    mapping(0x5555_5555_4000n, 0x5555_5555_8000n, { path: '/bin/new' }),
    mapping(0x5555_5555_8000n, 0x5555_5557_9000n, { path: '[heap]', writable: true }),
    ...nonPie.slice(3),
  ]
  const at = placeNear(pie, spanOf(pie[0]), 1 << 20)
  assert.ok(at !== undefined && at + MB <= 0x5555_5555_4000n && at > 0x5555_5555_4000n - GB)
})

test('two neighbours close together still serve a small area between them', () => {
  const tight = [mapping(0n, 0x7f00_0000_0000n, { path: '/a' }), mapping(0x7f00_0000_2000n, END, { path: '/b' })]
  assert.equal(
    placeNear(tight, { start: address(0x7f00_0000_2000n), end: address(0x7f00_0000_3000n) }, 8192),
    0x7f00_0000_0000n,
  )
  assert.equal(
    placeNear(tight, { start: address(0x7f00_0000_2000n), end: address(0x7f00_0000_3000n) }, 12288),
    undefined,
  )
})

test('without a gap there is no place, near or anywhere', () => {
  const full = [mapping(0n, END, { path: '/everything' }), KERNEL]
  assert.equal(placeNear(full, nonPieSpan, 4096), undefined)
  assert.equal(placeAnywhere(full, nonPieSpan, 4096), undefined)
})

test('a span that nothing can reach at both ends has no place near', () => {
  const wide: Span = { start: address(0x1000_0000_0000n), end: address(0x1001_0000_0000n) }
  assert.equal(placeNear([], wide, 4096), undefined)
  assert.notEqual(placeAnywhere([], wide, 4096), undefined)
})

test('a library’s area lies above the libraries, where the kernel maps nothing, and the next one behind it', () => {
  const library = spanOf(nonPie[3])
  const first = placeNear(nonPie, library, 65536)
  assert.equal(first, library.end + PAGE)
  const second = placeNear(withTaken(nonPie, first, 65536), library, 65536)
  assert.equal(second, first + 65536n + PAGE)
})

test('an area lies in the aligned 16 MB of the code, where there is room', () => {
  const block = (at: bigint): bigint => at / (16n * MB)
  fc.assert(
    fc.property(fc.bigInt(0x10n, 0xff0n), (page) => {
      const library = mapping(0x7f00_0000_0000n + page * PAGE, 0x7f00_0000_0000n + (page + 4n) * PAGE, { path: '/lib' })
      const at = placeNear([...nonPie.slice(0, 3), library, ...nonPie.slice(4)], spanOf(library), 65536)
      assert.ok(at !== undefined && block(at) === block(library.start) && block(at + 65535n) === block(at))
    }),
  )
})

/** Libraries up to the end of their 16 MB, and no room in the beginning of those either. */
const crowded = [
  ...nonPie.slice(0, 3),
  mapping(0x7f00_0000_0000n, 0x7f00_0100_0000n, { path: '/lib/large.so' }),
  ...nonPie.slice(4),
]

test('where there is none, it keeps away from where the kernel maps next, and the next area lies beside it', () => {
  const library = spanOf(crowded[3])
  const first = placeNear(crowded, library, 65536)
  assert.ok(first !== undefined && first + 128n * MB < library.start)
  const second = placeNear(withTaken(crowded, first, 65536), library, 65536)
  assert.equal(second, first - 65536n)
})
