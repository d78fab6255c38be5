import type { BinaryExpression, Expression } from '../../../ir/expression.js'
import type { Statement } from '../../../ir/statement.js'
import type { ValueType } from '../../../ir/value-type.js'
import { mentions } from '../../../ir/walk-expression.js'
import type { Emission } from './emission.js'

type MapLoad = Statement & { op: 'map-load' }
type MapStore = Statement & { op: 'map-store' }
type SetStatement = Statement & { op: 'set' }

/** `@x++`, `@x += y`: a value that is loaded, and stored with something added, which nothing in between decides. */
export interface MapIncrement {
  readonly load: MapLoad
  readonly between: readonly SetStatement[]
  readonly store: MapStore
  readonly operation: 'add' | 'subtract'
  readonly by: Expression
}

/** The increment that begins with a statement of a list, so that it can be made at once: threads then lose nothing to each other. */
export function incrementAt(
  { slotIsFoundAt }: Emission,
  list: readonly Statement[],
  at: number,
): MapIncrement | undefined {
  const load = list[at]
  if (load?.op !== 'map-load') return undefined
  const [between, store] = untilStore(list.slice(at + 1, at + 4))
  if (store === undefined || store.map !== load.map || !isSameKey(load.key, store.key)) return undefined
  if ([...between, store].some((statement) => statement === slotIsFoundAt)) return undefined
  const copies = [load.local, ...between.map(({ local }) => local)]
  const sum = sumOf(store.value, between)
  if (sum === undefined || !isWord(store.value.type) || sum.left.op !== 'local' || !copies.includes(sum.left.local))
    return undefined
  if (copies.some((copy) => mentions(sum.right, copy) || (load.key !== undefined && mentions(load.key, copy))))
    return undefined
  return { load, between, store, operation: sum.op, by: sum.right }
}

function untilStore(list: readonly Statement[]): [readonly SetStatement[], MapStore | undefined] {
  const end = list.findIndex(({ op }) => op !== 'set')
  const next = list[end]
  const between = list.slice(0, Math.max(0, end)).flatMap((statement) => (statement.op === 'set' ? [statement] : []))
  return [between, next?.op === 'map-store' ? next : undefined]
}

/** Through the locals that have been set on the way: the first is the loaded value, the second may be the sum. */
function sumOf(
  value: Expression,
  between: readonly SetStatement[],
): (BinaryExpression & { op: 'add' | 'subtract' }) | undefined {
  if (value.op === 'convert' && isWord(value.type) && isWord(value.value.type)) return sumOf(value.value, between)
  if (value.op === 'add' || value.op === 'subtract') return { ...value, op: value.op }
  if (value.op !== 'local') return undefined
  const [copy, sum] = between
  if (copy?.value.op !== 'local' || sum?.local !== value.local || sum.value.op === 'local') return undefined
  return sumOf(sum.value, [])
}

function isWord(type: ValueType): boolean {
  return type.kind === 'integer' && type.bits === 64
}

/** Of keys that nothing changes in between. */
function isSameKey(a: Expression | undefined, b: Expression | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.op === 'local' && b.op === 'local') return a.local === b.local
  return a.op === 'constant' && b.op === 'constant' && a.value === b.value
}
