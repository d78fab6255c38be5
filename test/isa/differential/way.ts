import { CODE_AT } from './machine-memory.js'
import type { NativeRunner } from './native-runner.js'
import type { Case } from './random-case.js'
import type { Outcome, Run } from './run-record.js'

/** A case with what the processor did in place: the reference. */
export interface Executed {
  readonly subject: Case
  readonly native: Outcome
}

/** How a way of executing a case compares with the reference. */
export type Verdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'not-served'; readonly because: string }
  | { readonly kind: 'differs'; readonly what: string }

/**
 * One way of executing an instruction that has to do the same as the processor in place. A new way (a mechanism, a
 * resume) is a file with one of these.
 */
export interface Way {
  readonly name: string
  /** A verdict for each, in order. */
  compare(executed: readonly Executed[], runner: NativeRunner): Verdict[]
}

export const same: Verdict = { kind: 'same' }

export function notServed(because: string): Verdict {
  return { kind: 'not-served', because }
}

export function differs(what: string): Verdict {
  return { kind: 'differs', what }
}

/** The case as it is, in place. */
export function nativeRun({ bytes, registers, flags, vectors }: Case): Run {
  return { start: CODE_AT, registers, flags, code: bytes, vectors, traced: false }
}
