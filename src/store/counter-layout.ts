import { assert } from '../bytes/assert.js'

/** How many counters stand beside each other, and who owns a block of them. */
export interface CounterShape {
  /** Sites counted. */
  readonly sites: number
  /** Blocks: a power of two for per-thread counters, the number of processors for per-CPU ones, 1 for shared ones. */
  readonly blocks: number
}

/**
 * The data area: a control page with a live word and a directory of the blocks in use, then the blocks, then one more
 * block for whoever finds no block of its own. All of it is wiped on fork. A block begins with its owner's key.
 *
 *     0            live word: 1 while this memory belongs to the process that was probed
 *     64           directory: one byte per block, 1 once it is in use
 *     blocksOffset blocks, `1 << strideShift` bytes each: key, then one 64-bit counter per site
 */
export interface CounterLayout extends CounterShape {
  readonly strideShift: number
  readonly blocksOffset: number
  /** Undefined where the one block is everybody's. */
  readonly overflowOffset: number | undefined
  readonly size: number
}

export const LIVE_OFFSET = 0
export const DIRECTORY_OFFSET = 64
/** Two cache lines, since the adjacent-line prefetcher pairs them. */
const MIN_STRIDE_SHIFT = 7
const PAGE = 4096

export function counterLayout(shape: CounterShape): CounterLayout {
  assert(shape.sites > 0 && shape.blocks > 0, 'at least one site and one block')
  const strideShift = Math.max(MIN_STRIDE_SHIFT, Math.ceil(Math.log2(8 * (1 + shape.sites))))
  const stride = 2 ** strideShift
  const blocksOffset = roundUp(DIRECTORY_OFFSET + shape.blocks, PAGE)
  const overflowOffset = blocksOffset + shape.blocks * stride
  return { ...shape, strideShift, blocksOffset, overflowOffset, size: roundUp(overflowOffset + stride, PAGE) }
}

/** Counters side by side and nothing else: one block, whose key has no place of its own. */
export function denseLayout(sites: number): CounterLayout {
  return {
    sites,
    blocks: 1,
    strideShift: 0,
    blocksOffset: -counterOffset(0),
    overflowOffset: undefined,
    size: 8 * sites,
  }
}

/** Offset of a site's counter from the beginning of its block. */
export function counterOffset(site: number): number {
  return 8 * (1 + site)
}

export function blockOffset(layout: CounterLayout, block: number): number {
  return layout.blocksOffset + block * 2 ** layout.strideShift
}

/** Bytes of a block that hold counters, from its beginning. */
export function usedBlockBytes(layout: CounterLayout): number {
  return counterOffset(layout.sites)
}

/** Adds a block's counters to `totals`. */
export function addBlock(totals: BigUint64Array, block: Uint8Array): void {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  for (let site = 0; site < totals.length && counterOffset(site) + 8 <= block.byteLength; site++) {
    const count = view.getBigUint64(counterOffset(site), true)
    if (count !== 0n) totals[site] = (totals[site] ?? 0n) + count
  }
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to
}
