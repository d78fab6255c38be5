import type { RefusalCode } from '../refusal/codes.js'

/** A site that no mechanism serves. */
export interface RefusedSite {
  /** `module:symbol` */
  readonly site: string
  readonly code: RefusalCode
  readonly because: string
}

/** What an attach did. The `data` of the `attached_probes` JSON line. */
export interface Attached {
  readonly probes: number
  /** Probes per mechanism: `{ jump: 1000 }`. */
  readonly mechanisms: Readonly<Record<string, number>>
  readonly refused: readonly RefusedSite[]
  /** How long the threads of the target were held, in all. */
  readonly stoppedNs: number
  /** From the call to the moment every probe worked. */
  readonly setupNs: number
}

/** Counts at one moment, keyed `module:symbol`. Sites without a hit are there too, with 0. */
export interface Snapshot {
  readonly counts: ReadonlyMap<string, bigint>
  /** Milliseconds since the probes began to work. */
  readonly elapsedMs: number
  /** True when the target has ended; the counts are those of the last moment they could be read. */
  readonly targetGone: boolean
}

/** A function that a pattern can name. */
export interface ListedFunction {
  readonly module: string
  /** The module's short name, as in patterns and keys (`libc`). */
  readonly moduleName: string
  readonly symbol: string
  readonly demangled: string
  readonly fileOffset: number
  readonly size: number
}

/** One line of reasoning about one mechanism at one site. */
export interface MechanismVerdict {
  readonly mechanism: string
  readonly chosen: boolean
  /** Set when the mechanism cannot serve the site. */
  readonly refused?: { readonly code: RefusalCode; readonly because: string }
}

/** Everything that `ring3 explain` shows about one site. Bytes in hex, addresses as `0x…`. */
export interface Explanation {
  readonly site: string
  readonly address: string
  readonly file: string
  readonly fileOffset: string
  readonly verdicts: readonly MechanismVerdict[]
  readonly window?: {
    readonly length: number
    readonly before: string
    readonly after: string
    /** Disassembled original instructions of the window. */
    readonly displaced: readonly string[]
    readonly flagsDead: boolean
    readonly deadRegisters: readonly string[]
  }
  /** `address  bytes  text` lines. */
  readonly trampoline?: readonly string[]
}

/** What `clean` found and did. */
export interface Cleaned {
  readonly areas: number
  readonly edits: number
  /** A remote call that was cut short has been undone. */
  readonly interruptedCall: boolean
  readonly stoppedNs: number
  /** Sentences about anything that could not be removed. */
  readonly remaining: readonly string[]
}

export type ProgressPhase = 'symbols' | 'analysis' | 'code' | 'install'

export interface Progress {
  readonly phase: ProgressPhase
  readonly done: number
  readonly total: number
}
