import type { RefusalCode } from '../refusal/codes.js'

/** What one mechanism had to say about a site. */
export interface VerdictRecord {
  readonly mechanism: string
  readonly chosen: boolean
  readonly refused?: { readonly code: RefusalCode; readonly because: string }
}

/** The bytes at a site that a jump overwrites. Bytes in hex. */
export interface WindowRecord {
  readonly length: number
  readonly before: string
  readonly after: string
  /** Disassembled original instructions. */
  readonly displaced: readonly string[]
  readonly flagsDead: boolean
  readonly deadRegisters: readonly string[]
}

/** The reasoning about one site. Addresses as `0x…`. */
export interface ExplanationRecord {
  readonly site: string
  readonly address: string
  readonly file: string
  readonly fileOffset: string
  readonly verdicts: readonly VerdictRecord[]
  readonly window?: WindowRecord
  /** `address  bytes  text` lines. */
  readonly trampoline?: readonly string[]
}
