import type { Address, FileOffset, Vaddr } from '../bytes/address.js'
import type { CodeFacts } from '../isa/code-facts.js'
import type { Refusal } from '../refusal/refusal.js'
import type { Padding } from '../target/padding.js'

/** One instruction that is to be probed, in one target. */
export interface Site {
  /** `module:symbol`, as the user sees it. */
  readonly key: string
  readonly vaddr: Vaddr
  readonly fileOffset: FileOffset
  /** Where it is in the target. */
  readonly address: Address
  /** A function returns here: its handler runs right before, and its window may begin earlier. */
  readonly isReturn?: true
  /** It can be done without: it is probed in the cheapest way that there is, or not at all. */
  readonly isOptional?: true
}

/** A module with the sites wanted in it. */
export interface ModuleSites {
  readonly path: string
  /** The module's range in the target. */
  readonly start: Address
  readonly end: Address
  readonly facts: CodeFacts
  /** Set where nothing may be mapped: what can be used instead, if there is any. */
  readonly padding?: Padding | undefined
  readonly sites: readonly Site[]
}

/** A site that a mechanism cannot serve. */
export interface RefusedSite {
  readonly site: Site
  readonly refusal: Refusal
}
