import { type Address, address, offsetBy } from '../bytes/address.js'
import type { Mapping } from './memory-map.js'

const PAGE = 4096n
/** Lowest address used: above any vm.mmap_min_addr in use. */
const LOWEST = 0x10_0000n
const HIGHEST = 0x7fff_ffff_f000n
/** A rel32 reaches 2 GiB; the margin covers what lies on both sides of it. */
const REACH = 0x7fff_0000n
/**
 * Room left to what the program maps until the area is there: the kernel takes the nearest free place below the libraries,
 * and a thread's stack has 8 MiB, an arena of malloc 128 MiB.
 */
const MARGIN = 0x1000_0000n
/**
 * Processors keep the low bits of a jump's target alone where the others are those of the jump itself: between code and area
 * that lie in one aligned block of this size, a hit costs half a nanosecond less (docs/decisions/0012).
 */
const BLOCK = 0x100_0000n
/** Left to a stack that grows down to an area: eight times what it may usually have. */
const STACK_ROOM = 0x400_0000n
/** Of a gap that is too small for that, this part is left at either end. */
const SMALL_GAP_PARTS = 8n
/** As far as a heap is expected to grow. */
const HEAP_ROOM = 1n << 40n
/** What `withTaken` puts into maps: it needs no margin. */
const PLANNED = '[ring3]'

/** Address ranges that the area must be able to reach with rel32, and be reached from. */
export interface Span {
  readonly start: Address
  readonly end: Address
}

interface Gap {
  readonly start: bigint
  readonly end: bigint
  /** The mapping below grows upwards: the heap. */
  readonly aboveHeap: boolean
  /** The mapping above grows downwards: the stack. */
  readonly belowStack: boolean
  /** The mapping below, or above, is another area. */
  readonly abovePlanned: boolean
  readonly belowPlanned: boolean
}

/** A free address for `size` bytes from which all of `span` can be reached, or undefined. Pure. */
export function placeNear(maps: readonly Mapping[], span: Span, size: number): Address | undefined {
  const lowest = max(span.end - REACH, LOWEST)
  const highest = min(span.start + REACH, HIGHEST)
  return placeInBlock(maps, span, BigInt(size)) ?? place(maps, span, BigInt(size), lowest, highest)
}

/**
 * A place in the blocks that the span lies in: the one with the most room above it, since the kernel maps from the top of a gap
 * downwards. Above the libraries it maps nothing. A page is left below: the kernel would make one mapping of two neighbours, and
 * `ring3 clean` looks for areas where mappings begin.
 */
function placeInBlock(maps: readonly Mapping[], span: Span, size: bigint): Address | undefined {
  const start = max(span.start & ~(BLOCK - 1n), LOWEST)
  const end = min((span.end + BLOCK - 1n) & ~(BLOCK - 1n), HIGHEST)
  if (end - start > REACH) return undefined
  const [best] = gapsOf(maps)
    .map((gap) => ({ gap, at: max(up(gap.start) + PAGE, start) }))
    .filter(
      ({ gap, at }) => at + size <= min(gap.end - (gap.belowStack ? STACK_ROOM : 0n), end) && !isNearHeap(gap, at),
    )
    .sort((a, b) => compare(b.gap.end - b.at, a.gap.end - a.at))
  return best === undefined ? undefined : address(best.at)
}

function isNearHeap({ aboveHeap, start }: Gap, at: bigint): boolean {
  return aboveHeap && at - start < HEAP_ROOM
}

/** A free address for `size` bytes, as near to `span` as can be. Pure. */
export function placeAnywhere(maps: readonly Mapping[], span: Span, size: number): Address | undefined {
  return place(maps, span, BigInt(size), LOWEST, HIGHEST)
}

function place(
  maps: readonly Mapping[],
  span: Span,
  size: bigint,
  lowest: bigint,
  highest: bigint,
): Address | undefined {
  const candidates = gapsOf(maps)
    .filter((gap) => !gap.belowStack)
    .flatMap((gap) => {
      const at = within(gap, span, size, lowest, highest)
      return at === undefined ? [] : [{ ...at, away: away(at.at, span) }]
    })
    .sort(
      (a, b) => Number(a.nearHeap) - Number(b.nearHeap) || Number(b.roomy) - Number(a.roomy) || compare(a.away, b.away),
    )
  return candidates[0] === undefined ? undefined : address(candidates[0].at)
}

interface Place {
  readonly at: bigint
  readonly roomy: boolean
  readonly nearHeap: boolean
}

/** The best place in one gap: next to the span, but as far as possible from a heap that will grow into the gap. */
function within(gap: Gap, span: Span, size: bigint, lowest: bigint, highest: bigint): Place | undefined {
  const margin = min(MARGIN, (gap.end - gap.start) / SMALL_GAP_PARTS)
  const find = (margin: bigint): bigint | undefined => {
    const low = up(max(gap.start + (gap.abovePlanned ? 0n : margin), lowest))
    const high = down(min(gap.end - (gap.belowPlanned ? 0n : margin), highest) - size)
    if (high < low) return undefined
    return gap.aboveHeap || high < span.start ? high : low
  }
  const at = find(margin) ?? find(0n)
  if (at === undefined) return undefined
  return { at, roomy: margin === MARGIN, nearHeap: isNearHeap(gap, at) }
}

function gapsOf(maps: readonly Mapping[]): Gap[] {
  const gaps: Gap[] = []
  let end = LOWEST
  let aboveHeap = false
  let abovePlanned = false
  const add = (next: bigint, belowStack: boolean, belowPlanned: boolean): void => {
    if (next > end) gaps.push({ start: end, end: next, aboveHeap, abovePlanned, belowStack, belowPlanned })
  }
  for (const mapping of maps) {
    add(mapping.start, mapping.path === '[stack]', mapping.path === PLANNED)
    end = max(end, mapping.end)
    aboveHeap = mapping.path === '[heap]' || isBreakStart(maps, mapping)
    abovePlanned = mapping.path === PLANNED
  }
  add(HIGHEST, false, false)
  return gaps
}

/** Where there is no heap yet, it will begin behind the first module's last writable mapping. */
function isBreakStart(maps: readonly Mapping[], mapping: Mapping): boolean {
  if (!mapping.writable || maps.some(({ path }) => path === '[heap]')) return false
  return mapping.path !== '' && mapping.path === maps.find(({ path }) => path !== '')?.path
}

function away(at: bigint, span: Span): bigint {
  return at < span.start ? span.start - at : at - span.start
}

/** The maps as they will be once a range is mapped. */
export function withTaken(maps: readonly Mapping[], start: Address, size: number): Mapping[] {
  const taken: Mapping = {
    start,
    end: offsetBy(start, size),
    readable: true,
    writable: false,
    executable: false,
    shared: false,
    fileOffset: 0,
    device: '00:00',
    inode: 0n,
    path: PLANNED,
    deleted: false,
  }
  return [...maps, taken].sort((a, b) => compare(a.start, b.start))
}

export function roundToPage(size: number): number {
  return Math.ceil(size / Number(PAGE)) * Number(PAGE)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const up = (value: bigint): bigint => (value + PAGE - 1n) & ~(PAGE - 1n)
const down = (value: bigint): bigint => value & ~(PAGE - 1n)
