import { type Address, address, offsetBy } from '../bytes/address.js'
import type { Mapping } from './memory-map.js'

const PAGE = 4096n
/** Lowest address used: above any vm.mmap_min_addr in use. */
const LOWEST = 0x10_0000n
const HIGHEST = 0x7fff_ffff_f000n
/** A rel32 reaches 2 GiB; the margin covers what lies on both sides of it. */
const REACH = 0x7fff_0000n
/** Room left to neighbours that grow towards each other. */
const MARGIN = 0x10_0000n

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
}

/** A free address for `size` bytes from which all of `span` can be reached, or undefined. Pure. */
export function placeNear(maps: readonly Mapping[], span: Span, size: number): Address | undefined {
  const lowest = max(span.end - REACH, LOWEST)
  const highest = min(span.start + REACH, HIGHEST)
  return place(maps, span, BigInt(size), lowest, highest)
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
      return at === undefined ? [] : [{ at, aboveHeap: gap.aboveHeap, away: away(at, span) }]
    })
    .sort((a, b) => Number(a.aboveHeap) - Number(b.aboveHeap) || compare(a.away, b.away))
  return candidates[0] === undefined ? undefined : address(candidates[0].at)
}

/** The best place in one gap: next to the span, but as far as possible from a heap that will grow into the gap. */
function within(gap: Gap, span: Span, size: bigint, lowest: bigint, highest: bigint): bigint | undefined {
  const first = max(gap.start, lowest)
  const last = min(gap.end, highest) - size
  const roomy = last - first >= 2n * MARGIN
  const low = up(roomy ? first + MARGIN : first)
  const high = down(roomy ? last - MARGIN : last)
  if (high < low) return undefined
  return gap.aboveHeap || high < span.start ? high : low
}

function gapsOf(maps: readonly Mapping[]): Gap[] {
  const gaps: Gap[] = []
  let end = LOWEST
  let heap = false
  for (const mapping of maps) {
    if (mapping.start > end) {
      gaps.push({ start: end, end: mapping.start, aboveHeap: heap, belowStack: mapping.path === '[stack]' })
    }
    end = max(end, mapping.end)
    heap = mapping.path === '[heap]' || isBreakStart(maps, mapping)
  }
  if (end < HIGHEST) gaps.push({ start: end, end: HIGHEST, aboveHeap: heap, belowStack: false })
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
    path: '',
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
