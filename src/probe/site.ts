import type { Address, FileOffset, Vaddr } from '../bytes/address.js'

/** One instruction that is to be probed, in one target. */
export interface Site {
  /** `module:symbol`, as the user sees it. */
  readonly key: string
  /** Path of the module's file, as the target names it. */
  readonly path: string
  readonly vaddr: Vaddr
  readonly fileOffset: FileOffset
  /** Where it is in the target. */
  readonly address: Address
}
