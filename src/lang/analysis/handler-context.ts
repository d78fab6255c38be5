import type { Expression } from '../../ir/expression.js'
import { tupleLayout } from '../../ir/layout.js'
import type { PlacedProbe } from '../../ir/program.js'
import type { Span } from '../../ir/statement.js'
import { boolType, type TupleType, type ValueType, voidType } from '../../ir/value-type.js'
import type { CompileOptions } from '../compile-options.js'
import type { Diagnostics } from '../diagnostic.js'
import type { SourceText } from '../source-text.js'
import { placesIn, sameType } from './join-types.js'
import { type Operand, pure } from './operand.js'
import type { ProgramTables } from './program-tables.js'
import { StatementBuilder } from './statement-builder.js'
import type { TypeEnvironment } from './type-environment.js'

/** Far more than anybody writes, and few enough to be done with in no time. */
const MAX_NODES = 50_000

/** Far from what the stack of JavaScript holds. */
const MAX_DEPTH = 600

/** A variable of the script, from its first assignment to the end of its block. */
export interface Variable {
  /** The same in every walk. */
  readonly id: string
  readonly local: number
}

/** Everything that the analysis of one action block needs. */
export class HandlerContext {
  readonly builder = new StatementBuilder()
  readonly #scopes: Map<string, Variable>[] = [new Map()]
  #declared = 0
  loopDepth = 0
  #depth = 0
  #nodes = 0

  constructor(
    readonly index: number,
    readonly probes: readonly PlacedProbe[],
    readonly span: Span,
    readonly environment: TypeEnvironment,
    readonly tables: ProgramTables,
    readonly diagnostics: Diagnostics,
    readonly source: SourceText,
    readonly options: CompileOptions,
  ) {}

  /** Whether the handler has become too large to go on with. */
  get isExhausted(): boolean {
    return this.#nodes > MAX_NODES
  }

  /** Lowers a node of the tree, unless it stands too deep or there have been too many: macros and unroll multiply them. */
  within<T>(span: Span, lower: () => T, otherwise: T): T {
    this.#nodes++
    if (this.isExhausted)
      this.error(this.span, 'the action block is too large: macros and unroll multiply what is in them')
    if (this.#depth >= MAX_DEPTH) this.error(span, `nested more than ${MAX_DEPTH} levels deep`)
    if (this.isExhausted || this.#depth >= MAX_DEPTH) return otherwise
    this.#depth++
    const lowered = lower()
    this.#depth--
    return lowered
  }

  inScope<T>(build: () => T): T {
    this.#scopes.push(new Map())
    const result = build()
    this.#scopes.pop()
    return result
  }

  variable(name: string): Variable | undefined {
    return this.#scopes.findLast((scope) => scope.has(name))?.get(name)
  }

  /** Takes a variable into the innermost scope. Its type is what the environment knows by now. */
  declare(name: string, learn: (id: string) => void): Variable {
    const id = `${this.index}:${this.#declared++}`
    learn(id)
    const local = this.builder.local(name, this.environment.variable(id)?.type ?? voidType)
    const variable = { id, local }
    this.#scopes.at(-1)?.set(name, variable)
    return variable
  }

  error(span: Span, message: string, hint?: string): void {
    this.diagnostics.error(span, message, hint)
  }

  /** The operand's value; reads it from the target where it is still there. */
  value(operand: Operand, span: Span): Expression {
    if (operand.place === undefined) return operand.expression
    const local = this.builder.temporary(operand.type)
    this.builder.emit({ op: 'read', local, address: operand.place, span })
    return this.builder.read(local)
  }

  /** The operand's value as another type that holds it. */
  coerce(operand: Operand, type: ValueType, span: Span): Expression {
    const value = this.value(operand, span)
    if (sameType(value.type, type)) return value
    if (value.op === 'constant' && type.kind === 'integer') return { ...value, type }
    if (value.type.kind === 'tuple' && type.kind === 'tuple' && type.names !== undefined)
      return this.#byName(value, value.type, type, span)
    const isBlock = type.kind === 'string' || type.kind === 'buffer' || type.kind === 'tuple'
    return { op: isBlock ? 'resize' : 'convert', type, value }
  }

  /** A tuple with names as another type, whose elements may stand in another order. */
  #byName(value: Expression, from: TupleType, type: TupleType, span: Span): Expression {
    const places = placesIn(from, type) ?? []
    const { offsets } = tupleLayout(from.elements)
    const elements = type.elements.map((wanted, at) => {
      const place = places[at] ?? at
      const element = { type: from.elements[place] ?? wanted, offset: offsets[place] ?? 0 }
      const part = value.op === 'tuple' ? value.elements[place] : undefined
      return this.coerce(pure(part ?? { op: 'extract', ...element, block: value }), wanted, span)
    })
    return { op: 'tuple', type, elements }
  }

  /** 0 or 1: whether an integer, a pointer or a bool is not 0. */
  condition(operand: Operand, span: Span): Expression {
    const { type, expression } = operand
    if (type.kind === 'bool' || operand.unknown) return expression
    if (type.kind === 'integer' || type.kind === 'pointer') return { op: 'convert', type: boolType, value: expression }
    if (typeof operand.constant === 'string')
      return { op: 'constant', type: boolType, value: operand.constant === '' ? 0n : 1n }
    this.error(span, `Invalid condition: ${type.kind}`, 'conditions are integers, bools and pointers')
    return expression
  }
}
