import type { Span } from '../../ir/statement.js'

/** The syntax tree of a script. Spans are half-open ranges of UTF-16 units in the script's text. */
export interface ProgramNode {
  readonly kind: 'program'
  readonly config: readonly ConfigEntry[]
  readonly records: readonly RecordNode[]
  readonly enums: readonly EnumNode[]
  readonly maps: readonly MapDeclarationNode[]
  readonly macros: readonly MacroNode[]
  readonly probes: readonly ProbeNode[]
}

export interface ConfigEntry {
  readonly name: string
  readonly value: string | bigint
  readonly span: Span
}

/** `struct` or `union` in the preamble, or inside another one. */
export interface RecordNode {
  readonly kind: 'record'
  /** `struct Foo`, `union Foo`; the inner ones without a name get one of their own. */
  readonly name: string
  readonly union: boolean
  readonly packed: boolean
  readonly fields: readonly FieldNode[]
  readonly span: Span
}

export interface FieldNode {
  /** Empty for the members of an anonymous struct or union, which belong to the record around it. */
  readonly name: string
  readonly type: TypeName
  /** Lengths of its dimensions, outermost first. */
  readonly lengths: readonly number[]
  readonly bits: number | undefined
  readonly span: Span
}

export interface EnumNode {
  readonly kind: 'enum'
  readonly name: string
  readonly members: readonly { readonly name: string; readonly value: bigint }[]
  readonly span: Span
}

/** `let @a = hash(100);` */
export interface MapDeclarationNode {
  readonly kind: 'map-declaration'
  readonly name: string
  readonly type: string
  readonly size: bigint
  readonly span: Span
}

export interface MacroNode {
  readonly kind: 'macro'
  readonly name: string
  /** With `$` or `@` where the parameter is a variable or a map. */
  readonly parameters: readonly string[]
  readonly body: BlockNode
  readonly span: Span
}

export interface ProbeNode {
  readonly kind: 'probe'
  readonly attachPoints: readonly AttachPointNode[]
  readonly predicate: ExpressionNode | undefined
  readonly body: readonly StatementNode[]
  readonly span: Span
}

export interface AttachPointNode {
  readonly kind: 'attach-point'
  /** As written, positional parameters put in. */
  readonly text: string
  readonly span: Span
}

/** Statements, and a last expression without a semicolon that is the block's value. */
export interface BlockNode {
  readonly kind: 'block'
  readonly statements: readonly StatementNode[]
  readonly result: ExpressionNode | undefined
  readonly span: Span
}

export type StatementNode =
  | { readonly kind: 'expression'; readonly value: ExpressionNode; readonly span: Span }
  | {
      readonly kind: 'assign'
      readonly target: VariableNode | MapNode
      /** `+` for `+=`. */
      readonly operator: BinaryOperatorText | undefined
      readonly value: ExpressionNode
      readonly span: Span
    }
  | {
      readonly kind: 'declare'
      readonly variable: VariableNode
      readonly type: TypeName | undefined
      readonly value: ExpressionNode | undefined
      readonly span: Span
    }
  /** `_ = f()` */
  | { readonly kind: 'discard'; readonly value: ExpressionNode; readonly span: Span }
  | {
      readonly kind: 'if'
      readonly condition: ExpressionNode
      readonly consequent: readonly StatementNode[]
      readonly alternative: readonly StatementNode[]
      readonly span: Span
    }
  | {
      readonly kind: 'while'
      readonly condition: ExpressionNode
      readonly body: readonly StatementNode[]
      readonly span: Span
    }
  | {
      readonly kind: 'for-map'
      readonly variable: VariableNode
      readonly map: MapNode
      readonly body: readonly StatementNode[]
      readonly span: Span
    }
  | {
      readonly kind: 'for-range'
      readonly variable: VariableNode
      readonly from: ExpressionNode
      readonly to: ExpressionNode
      readonly body: readonly StatementNode[]
      readonly span: Span
    }
  | {
      readonly kind: 'unroll'
      readonly count: ExpressionNode
      readonly body: readonly StatementNode[]
      readonly span: Span
    }
  | { readonly kind: 'jump'; readonly to: 'break' | 'continue'; readonly span: Span }
  | { readonly kind: 'return'; readonly value: ExpressionNode | undefined; readonly span: Span }

export type ExpressionNode =
  | { readonly kind: 'integer'; readonly value: bigint; readonly span: Span }
  | { readonly kind: 'string'; readonly value: string; readonly span: Span }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly span: Span }
  | IdentifierNode
  | VariableNode
  | MapNode
  | CallNode
  /** `$1`; 0 for `$#`. */
  | { readonly kind: 'parameter'; readonly index: number; readonly span: Span }
  | {
      readonly kind: 'unary'
      readonly operator: UnaryOperatorText
      readonly operand: ExpressionNode
      readonly span: Span
    }
  | {
      readonly kind: 'increment'
      readonly target: VariableNode | MapNode
      readonly operator: '++' | '--'
      readonly prefix: boolean
      readonly span: Span
    }
  | BinaryNode
  | {
      readonly kind: 'ternary'
      readonly condition: ExpressionNode
      readonly consequent: ExpressionNode
      readonly alternative: ExpressionNode
      readonly span: Span
    }
  | { readonly kind: 'cast'; readonly type: TypeName; readonly value: ExpressionNode; readonly span: Span }
  /** `a.name` and `a->name`. */
  | {
      readonly kind: 'member'
      readonly record: ExpressionNode
      readonly name: string
      readonly arrow: boolean
      readonly span: Span
    }
  | { readonly kind: 'tuple-member'; readonly tuple: ExpressionNode; readonly index: number; readonly span: Span }
  | { readonly kind: 'element'; readonly array: ExpressionNode; readonly index: ExpressionNode; readonly span: Span }
  | TupleNode
  | { readonly kind: 'sizeof'; readonly of: TypeName | ExpressionNode; readonly span: Span }
  | {
      readonly kind: 'offsetof'
      readonly of: TypeName | ExpressionNode
      readonly path: readonly string[]
      readonly span: Span
    }
  | BlockNode
  /** Stands where something could not be read; a diagnostic says what. */
  | { readonly kind: 'invalid'; readonly span: Span }

export interface IdentifierNode {
  readonly kind: 'identifier'
  readonly name: string
  readonly span: Span
}

export interface VariableNode {
  readonly kind: 'variable'
  /** With its `$`. */
  readonly name: string
  readonly span: Span
}

/** `(1, "x")`, or with a name for each element: `(a=1, b="x")`. */
export interface TupleNode {
  readonly kind: 'tuple'
  readonly elements: readonly ExpressionNode[]
  readonly names?: readonly string[]
  readonly span: Span
}

export interface MapNode {
  readonly kind: 'map'
  /** With its `@`. */
  readonly name: string
  /** Several keys make a tuple. */
  readonly key: ExpressionNode | undefined
  readonly span: Span
}

export interface CallNode {
  readonly kind: 'call'
  readonly name: string
  readonly arguments: readonly ExpressionNode[]
  readonly span: Span
}

export interface BinaryNode {
  readonly kind: 'binary'
  readonly operator: BinaryOperatorText
  readonly left: ExpressionNode
  readonly right: ExpressionNode
  readonly span: Span
  /** The operator itself: where bpftrace points to. */
  readonly operatorSpan: Span
}

export type UnaryOperatorText = '-' | '!' | '~' | '*' | '&'

export type BinaryOperatorText =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '&'
  | '|'
  | '^'
  | '<<'
  | '>>'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '&&'
  | '||'

/** `struct Foo *`, `uint8[4]`, `string[16]`. */
export interface TypeName {
  readonly kind: 'type-name'
  readonly base: string
  readonly pointers: number
  /** Lengths behind the type; `undefined` where the brackets are empty. */
  readonly lengths: readonly (number | undefined)[]
  readonly span: Span
}
