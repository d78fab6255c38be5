import type { ValueType } from './value-type.js'

/** A pure value. Integers are computed in 64 bits, as BPF does; `convert` brings them to another width. */
export type Expression =
  | { readonly op: 'constant'; readonly type: ValueType; readonly value: bigint }
  /** A block that is known beforehand. */
  | { readonly op: 'block'; readonly type: ValueType; readonly bytes: Uint8Array }
  | { readonly op: 'local'; readonly type: ValueType; readonly local: number }
  | { readonly op: 'input'; readonly type: ValueType; readonly input: Input }
  | BinaryExpression
  | { readonly op: 'not' | 'negate' | 'complement'; readonly type: ValueType; readonly value: Expression }
  /** Another width, sign or kind: cut to the new width, or extended by the sign of the old type. To bool: whether it is not 0. */
  | { readonly op: 'convert'; readonly type: ValueType; readonly value: Expression }
  | {
      readonly op: 'choose'
      readonly type: ValueType
      readonly condition: Expression
      readonly consequent: Expression
      readonly alternative: Expression
    }
  | { readonly op: 'tuple'; readonly type: ValueType; readonly elements: readonly Expression[] }
  /** Part of a block: the value of the type at a byte offset, or some of its bits, which have no sign, as in bpftrace. */
  | ExtractExpression
  /** A block brought to the size of the type: strings and buffers, also inside tuples. */
  | { readonly op: 'resize'; readonly type: ValueType; readonly value: Expression }
  /** Whether two blocks of one kind hold the same: strings up to their NUL, everything else by value. */
  | { readonly op: 'equal'; readonly type: ValueType; readonly left: Expression; readonly right: Expression }
  | {
      readonly op: 'call'
      readonly type: ValueType
      readonly function: PureFunction
      readonly arguments: readonly Expression[]
    }

export interface BinaryExpression {
  readonly op: BinaryOperator
  readonly type: ValueType
  readonly left: Expression
  readonly right: Expression
}

export interface ExtractExpression {
  readonly op: 'extract'
  readonly type: ValueType
  readonly block: Expression
  readonly offset: number
  readonly bitfield?: { readonly shift: number; readonly bits: number }
}

/** Shifts take the count modulo 64 and fill with zeros. Division is a statement, because it can fail. */
export type BinaryOperator =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'and'
  | 'or'
  | 'xor'
  | 'shift-left'
  | 'shift-right'
  | 'is-equal'
  | 'is-different'
  | 'is-below'
  | 'is-below-signed'
  | 'is-at-most'
  | 'is-at-most-signed'

/** Functions of blocks and integers without effects. */
export type PureFunction =
  | 'strncmp'
  | 'strcontains'
  | 'strstr'
  | 'strlen'
  /** How many addresses a stack has. */
  | 'stack-length'
  | 'byte-swap'
  /** The block that holds an integer, or the integer that a block holds. */
  | 'reinterpret'
  /** `inet` of a family (4 or 6) and an address. */
  | 'inet'

/** What a hit brings along and does not change during it. */
export type Input =
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'register'; readonly name: string }
  | { readonly kind: 'symbol-address'; readonly name: string }
  /** Whether the probe, or its function, has this name: the same at every hit of a site. */
  | { readonly kind: 'is-named'; readonly what: 'probe' | 'function'; readonly name: string }
  | { readonly kind: SimpleInput }

export type SimpleInput =
  | 'return-value'
  | 'pid'
  | 'tid'
  | 'uid'
  | 'gid'
  | 'comm'
  | 'probe-name'
  | 'function-name'
  | 'child-pid'
  | 'processors'
  | 'user-name'
