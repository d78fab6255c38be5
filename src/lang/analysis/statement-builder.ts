import type { Expression } from '../../ir/expression.js'
import type { Local } from '../../ir/program.js'
import type { Statement } from '../../ir/statement.js'
import { uint64, type ValueType } from '../../ir/value-type.js'

/** The locals and statements of one handler while it is made. */
export class StatementBuilder {
  readonly locals: Local[] = []
  #current: Statement[] = []

  emit(statement: Statement): void {
    this.#current.push(statement)
  }

  /** How many statements the current block has: to see whether more were added, and to insert before them. */
  get length(): number {
    return this.#current.length
  }

  insert(at: number, statement: Statement): void {
    this.#current.splice(at, 0, statement)
  }

  /** A local of the compiler's own. */
  temporary(type: ValueType): number {
    return this.local(`%${this.locals.length}`, type)
  }

  local(name: string, type: ValueType): number {
    this.locals.push({ name, type })
    return this.locals.length - 1
  }

  /** When the call began that returns here. */
  callBegan(): Expression {
    const known = this.locals.findIndex(({ holds }) => holds === 'call-began')
    if (known !== -1) return this.read(known)
    this.locals.push({ name: '%began', type: uint64, holds: 'call-began' })
    return this.read(this.locals.length - 1)
  }

  read(local: number): Expression {
    const found = this.locals[local]
    if (found === undefined) throw new RangeError(`there is no local ${local}`)
    return { op: 'local', type: found.type, local }
  }

  /** Keeps a value in a local, so that what follows cannot change it. */
  keep(value: Expression): Expression {
    const local = this.temporary(value.type)
    this.emit({ op: 'set', local, value })
    return this.read(local)
  }

  /** Collects what `build` emits instead of appending it. */
  collect<T>(build: () => T): { readonly statements: Statement[]; readonly result: T } {
    const outer = this.#current
    this.#current = []
    const result = build()
    const statements = this.#current
    this.#current = outer
    return { statements, result }
  }
}
