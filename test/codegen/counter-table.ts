import {
  blockOffset,
  type CounterLayout,
  counterOffset,
  DIRECTORY_OFFSET,
  LIVE_OFFSET,
} from '../../src/store/counter-layout.js'

/** What per-thread counting is meant to do to a data area: the same table, written down once more, and slowly. */
export class CounterTable {
  readonly bytes: Buffer

  constructor(
    readonly layout: CounterLayout,
    readonly factor: number,
    live: bigint,
  ) {
    this.bytes = Buffer.alloc(layout.size)
    this.bytes.writeBigUInt64LE(live, LIVE_OFFSET)
  }

  /** The block where the search for a key begins: the top bits of the low word times the factor. */
  home(key: bigint): number {
    const product = (key * BigInt(this.factor)) & 0xffff_ffffn
    return Number((product * BigInt(this.layout.blocks)) >> 32n)
  }

  own(block: number, key: bigint): void {
    this.bytes.writeUInt8(1, DIRECTORY_OFFSET + block)
    this.bytes.writeBigUInt64LE(key, blockOffset(this.layout, block))
  }

  /** One hit of a site by the thread with this key. */
  hit(key: bigint, site: number): void {
    const block = this.blockOf(key)
    if (block === undefined) return
    const at = block + counterOffset(site)
    this.bytes.writeBigUInt64LE(this.bytes.readBigUInt64LE(at) + 1n, at)
  }

  words(): Map<number, bigint> {
    const found = new Map<number, bigint>()
    for (let at = 0; at < this.bytes.length; at += 8) {
      const word = this.bytes.readBigUInt64LE(at)
      if (word !== 0n) found.set(at, word)
    }
    return found
  }

  private blockOf(key: bigint): number | undefined {
    const home = blockOffset(this.layout, this.home(key))
    if (this.bytes.readBigUInt64LE(home) === key) return home
    if (this.bytes.readBigUInt64LE(LIVE_OFFSET) === 0n) return undefined
    for (let step = 0; step < this.layout.blocks; step++) {
      const block = (this.home(key) + step) % this.layout.blocks
      const at = blockOffset(this.layout, block)
      if (this.bytes.readBigUInt64LE(at) === 0n) this.own(block, key)
      if (this.bytes.readBigUInt64LE(at) === key) return at
    }
    return this.layout.overflowOffset
  }
}
