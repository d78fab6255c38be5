import { type Address, offsetBy } from '../bytes/address.js'
import { addBlock, blockOffset, type CounterLayout, DIRECTORY_OFFSET, usedBlockBytes } from '../store/counter-layout.js'
import type { Memory } from '../target/memory.js'

/** Reads the counters of one data area, while they are counting. */
export class CounterReader {
  private last: BigUint64Array
  private readonly block: Buffer

  constructor(
    private readonly memory: Memory,
    private readonly start: Address,
    private readonly layout: CounterLayout,
    /** Blocks are in use from the start, without being entered in the directory. */
    private readonly allInUse: boolean,
  ) {
    this.last = new BigUint64Array(layout.sites)
    this.block = Buffer.allocUnsafeSlow(usedBlockBytes(layout))
  }

  /** Totals by counter index. Undefined when the target's memory is no longer there. */
  read(): BigUint64Array | undefined {
    const directory = Buffer.alloc(this.layout.blocks, 1)
    if (!this.allInUse && this.memory.readInto(offsetBy(this.start, DIRECTORY_OFFSET), directory) !== directory.length)
      return undefined
    const totals = new BigUint64Array(this.layout.sites)
    const { overflowOffset } = this.layout
    for (let block = 0; block < this.layout.blocks; block++) {
      if (directory[block] !== 0 && !this.add(totals, blockOffset(this.layout, block))) return undefined
    }
    if (overflowOffset !== undefined && !this.add(totals, overflowOffset)) return undefined
    this.last = totals
    return totals
  }

  /** What was read last. */
  latest(): BigUint64Array {
    return this.last
  }

  private add(totals: BigUint64Array, offset: number): boolean {
    if (this.memory.readInto(offsetBy(this.start, offset), this.block) !== this.block.length) return false
    addBlock(totals, this.block)
    return true
  }
}
