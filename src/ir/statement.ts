import type { Expression } from './expression.js'
import type { ValueType } from './value-type.js'

/** Bytes of the script that a statement came from: half-open. For warnings at run time. */
export interface Span {
  readonly start: number
  readonly end: number
}

export type Statement =
  | { readonly op: 'set'; readonly local: number; readonly value: Expression }
  /** Zero: where a variable is declared inside a loop, each turn begins with it. */
  | { readonly op: 'clear'; readonly local: number }
  /** Unsigned. By zero: 1, and a warning is counted. */
  | DivideStatement
  /** What changes during a hit: clocks, the processor, chance. */
  | { readonly op: 'sample'; readonly local: number; readonly source: Sample }
  /** Walks the thread's stack into a local, as deep as its type says. */
  | { readonly op: 'take-stack'; readonly local: number }
  /** Reads a value of the local's type from the target. A bad address gives zero, and an error is counted. */
  | { readonly op: 'read'; readonly local: number; readonly address: Expression; readonly span: Span }
  | ReadStringStatement
  /** Reads as many bytes as `length` says, at most the local's size, into a buffer. */
  | {
      readonly op: 'read-buffer'
      readonly local: number
      readonly address: Expression
      readonly length: Expression
      readonly span: Span
    }
  | MapStatement
  | CallStatement
  | {
      readonly op: 'if'
      readonly condition: Expression
      readonly consequent: readonly Statement[]
      readonly alternative: readonly Statement[]
    }
  /** Turns until a `break`, or until the bound of the configuration stops the handler. `continue` goes to `step`. */
  | {
      readonly op: 'loop'
      readonly body: readonly Statement[]
      readonly step: readonly Statement[]
      readonly span: Span
    }
  /** A turn for each entry of a map; the local is a tuple of key and value. Turns count as those of loops. */
  | {
      readonly op: 'for-each'
      readonly map: number
      readonly local: number
      readonly body: readonly Statement[]
      readonly span: Span
    }
  | { readonly op: 'break' | 'continue' | 'return' }
  | { readonly op: 'emit'; readonly event: number; readonly values: readonly Expression[] }
  /** Emits the strings of a NULL-terminated array of pointers. */
  | { readonly op: 'join'; readonly event: number; readonly address: Expression; readonly span: Span }
  | { readonly op: 'send-signal'; readonly signal: Expression; readonly to: 'process' | 'thread' }

export interface DivideStatement {
  readonly op: 'divide' | 'modulo'
  readonly local: number
  readonly left: Expression
  readonly right: Expression
  readonly span: Span
}

/**
 * Reads text up to a NUL, at most `limit` bytes with that NUL, and at most what the local holds; text that is cut is marked as such
 * (see StringType), unless it is `whole`: then the array that it stands in ends there. A bad address gives "", and an error is counted.
 */
export interface ReadStringStatement {
  readonly op: 'read-string'
  readonly local: number
  readonly address: Expression
  readonly limit: Expression | undefined
  readonly whole: boolean
  readonly span: Span
}

export type MapStatement =
  /** The value, or zero where there is none; an aggregate is reduced to the integer it stands for. */
  | {
      readonly op: 'map-load'
      readonly local: number
      readonly map: number
      readonly key: Expression | undefined
      readonly span: Span
    }
  | {
      readonly op: 'map-store'
      readonly map: number
      readonly key: Expression | undefined
      readonly value: Expression
      readonly span: Span
    }
  /** Takes one more value into an aggregate. */
  | {
      readonly op: 'map-aggregate'
      readonly map: number
      readonly key: Expression | undefined
      readonly value: Expression
      readonly span: Span
    }
  /** The local says whether there was one. */
  | {
      readonly op: 'map-delete'
      readonly local: number
      readonly map: number
      readonly key: Expression | undefined
      readonly span: Span
    }
  | { readonly op: 'map-has'; readonly local: number; readonly map: number; readonly key: Expression }
  | { readonly op: 'map-length'; readonly local: number; readonly map: number }

/** On a map of calls in progress, whose key is always `callKey`. */
export type CallStatement =
  /** A call begins here, at a time if there is a clock. */
  | { readonly op: 'note-call'; readonly map: number; readonly clock: Clock | undefined; readonly span: Span }
  /** The call that is here goes on in another function, which is come to next. */
  | { readonly op: 'pass-call'; readonly map: number }
  /** A function begins in which a call may go on: one that is on its way is here now. Any other has been left without a return. */
  | { readonly op: 'receive-call'; readonly map: number }
  /** The call that returns here is in progress no more; the local, if any, gets when it began. The handler ends if it was not noted. */
  | { readonly op: 'take-call'; readonly map: number; readonly local: number | undefined }

export type Sample =
  | { readonly kind: 'clock'; readonly clock: Clock }
  | { readonly kind: 'elapsed' | 'processor' | 'random' | 'jiffies' }

export type Clock = 'boot' | 'monotonic' | 'tai'

/** The type of a statement's target, for readers that only have the handler's locals. */
export function localType(locals: readonly { readonly type: ValueType }[], local: number): ValueType {
  const found = locals[local]
  if (found === undefined) throw new RangeError(`there is no local ${local}`)
  return found.type
}
