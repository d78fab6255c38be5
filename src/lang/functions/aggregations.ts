import type { AggregateType, TimeSeriesReduction } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { lowerExpression } from '../analysis/lower-expression.js'
import { constantInteger } from '../analysis/operand.js'
import type { CallNode } from '../syntax/ast.js'
import type { ArgumentCount } from './argument-count.js'

/** A function whose result only a map can hold. */
export interface Aggregation {
  readonly signature: string
  readonly arguments: ArgumentCount
  /** The map's value type; `undefined` where a parameter is wrong and has been reported. */
  type(call: CallNode, signed: boolean, context: HandlerContext): AggregateType | undefined
}

const MAX_LINEAR_BUCKETS = 1000n
const MAX_INTERVALS = 1_000_000n

export const aggregations: ReadonlyMap<string, Aggregation> = new Map<string, Aggregation>([
  ['count', { signature: 'count()', arguments: [0, 0], type: () => ({ kind: 'count' }) }],
  simple('sum'),
  simple('min'),
  simple('max'),
  simple('avg'),
  simple('stats'),
  ['hist', { signature: 'hist(int64 n[, int bits])', arguments: [1, 2], type: histType }],
  ['lhist', { signature: 'lhist(int64 n, int64 min, int64 max, int64 step)', arguments: [4, 4], type: linearType }],
  [
    'tseries',
    {
      signature: 'tseries(int64 n, int64 interval_ns, int64 num_intervals[, const string agg])',
      arguments: [3, 4],
      type: seriesType,
    },
  ],
])

function simple(kind: 'sum' | 'min' | 'max' | 'avg' | 'stats'): [string, Aggregation] {
  return [kind, { signature: `${kind}(int64 n)`, arguments: [1, 1], type: (_call, signed) => ({ kind, signed }) }]
}

function histType(call: CallNode, signed: boolean, context: HandlerContext): AggregateType | undefined {
  if (call.arguments.length === 1) return { kind: 'hist', bits: 0, signed }
  const bits = literalArgument(call, 1, context)
  if (bits === undefined) {
    context.error(call.span, 'hist() expects a int literal (int provided)')
    return undefined
  }
  if (bits >= 0n && bits <= 5n) return { kind: 'hist', bits: Number(bits), signed }
  context.error(call.span, `hist: bits ${bits} must be 0..5`)
  return undefined
}

function linearType(call: CallNode, signed: boolean, context: HandlerContext): AggregateType | undefined {
  const [min, max, step] = literals(call, ['min', 'max', 'step'], context)
  if (min === undefined || max === undefined || step === undefined) return undefined
  const problem = linearProblem(min, max, step)
  if (problem === undefined) return { kind: 'lhist', min, max, step, signed }
  context.error(call.span, problem)
  return undefined
}

function linearProblem(min: bigint, max: bigint, step: bigint): string | undefined {
  if (step < 1n) return `lhist() step must be >= 1 (${step} provided)`
  const buckets = (max - min) / step
  if (buckets > MAX_LINEAR_BUCKETS)
    return `lhist() too many buckets, must be <= ${MAX_LINEAR_BUCKETS} (would need ${buckets})`
  if (min > max) return `lhist() min must be less than max (provided min ${min} and max ${max})`
  return (max - min) % step === 0n
    ? undefined
    : `lhist() max must be min plus a multiple of step (${min}, ${max}, ${step} provided)`
}

const reductions: readonly TimeSeriesReduction[] = ['avg', 'max', 'min', 'sum']

function seriesType(call: CallNode, signed: boolean, context: HandlerContext): AggregateType | undefined {
  const [intervalNs, intervals] = literals(call, ['interval_ns', 'num_intervals'], context)
  if (intervalNs === undefined || intervals === undefined) return undefined
  const name = call.arguments[3]
  const reduce = name?.kind === 'string' ? reductions.find((candidate) => candidate === name.value) : undefined
  const problem =
    name !== undefined && reduce === undefined
      ? `tseries() expects one of the following aggregation functions: avg, max, min, sum (${name.kind === 'string' ? `"${name.value}"` : name.kind} provided)`
      : seriesProblem(intervalNs, intervals)
  if (problem === undefined)
    return { kind: 'tseries', intervalNs, intervals: Number(intervals), reduce: reduce ?? 'last', signed }
  context.error(call.span, problem)
  return undefined
}

function seriesProblem(intervalNs: bigint, intervals: bigint): string | undefined {
  if (intervals < 1n) return `tseries() num_intervals must be >= 1 (${intervals} provided)`
  if (intervals > MAX_INTERVALS) return `tseries() num_intervals must be < ${MAX_INTERVALS} (${intervals} provided)`
  return intervalNs < 1n ? `tseries() interval_ns must be >= 1 (${intervalNs} provided)` : undefined
}

/** The literals behind the first argument, each with its name for messages. */
function literals(call: CallNode, names: readonly string[], context: HandlerContext): (bigint | undefined)[] {
  return names.map((name, at) => {
    const value = literalArgument(call, at + 1, context)
    if (value !== undefined && value >= 0n) return value
    context.error(call.span, `${call.name}: invalid ${name} value (must be non-negative literal)`)
    return undefined
  })
}

function literalArgument(call: CallNode, at: number, context: HandlerContext): bigint | undefined {
  const node = call.arguments[at]
  return node === undefined ? undefined : constantInteger(lowerExpression(node, context))
}
