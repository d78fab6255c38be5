import type { Expression } from '../../../ir/expression.js'
import type { TimeSeriesType } from '../../../ir/value-type.js'
import { SERIES_BUSY, SERIES_WORDS } from '../../../store/aggregate-layout.js'
import { CONTROL } from '../../../store/program-layout.js'
import { type Label, RAX, RDX, type Register } from '../assembler.js'
import { countAt } from './cold.js'
import { clobber, type Emission, emitCold, newLabel, withRegister } from './emission.js'
import type { Condition } from './encoder.js'
import { withValue } from './evaluate.js'
import { indexed, type Memory, memory } from './operand.js'
import { emitTime } from './sample.js'
import type { AggregateWords } from './update-aggregate.js'

const WORD = 8

/** An interval of a series: the address of its words, in the order of `aggregateWords`. */
interface Interval {
  readonly at: Register
  /** What its first word is to be: the interval's number + 1. */
  readonly mark: Register
  readonly shared: boolean
}

/** Takes a value into the interval that is now. Changes rax and rdx. */
export function updateSeries(
  emission: Emission,
  type: TimeSeriesType,
  { words, shared }: AggregateWords,
  value: Expression,
): void {
  const { code } = emission
  clobber(emission, RAX, RDX)
  withValue(emission, value, (given) =>
    withRegister(emission, (mark) =>
      withRegister(emission, (at) => {
        const done = newLabel()
        emitTime(emission, CONTROL.tai, mark)
        divideBy(emission, mark, type.intervalNs, at)
        code.move(mark, RAX)
        divideBy(emission, mark, BigInt(type.intervals), at)
        code.arithmeticImmediate('add', mark, 1n)
        code.multiplyImmediate(at, RDX, BigInt(WORD * SERIES_WORDS))
        code.address(at, indexed(words.base, at, 1, words.displacement))
        beginInterval(emission, type, { at, mark, shared }, done)
        takeIn(emission, type, { at, mark, shared }, given)
        code.increment(memory(at, WORD), shared)
        code.bind(done)
      }),
    ),
  )
}

/** The quotient in rax, the remainder in rdx. */
function divideBy({ code }: Emission, dividend: Register, divisor: bigint, spare: Register): void {
  code.move(RAX, dividend)
  code.moveImmediate(RDX, 0n)
  code.moveImmediate(spare, divisor)
  code.divide(spare)
}

/**
 * The words may still be those of an interval long ago: whoever comes first claims them and makes them empty. Who finds them claimed
 * has interrupted that, or has come at the same moment: its value is counted as missed, and goes to `done`. A value that is older than
 * the series goes there, too.
 */
function beginInterval(emission: Emission, type: TimeSeriesType, { at, mark, shared }: Interval, done: Label): void {
  const { code } = emission
  const [stale, claimed, fresh] = [newLabel(), newLabel(), newLabel()]
  code.arithmetic('cmp', memory(at), mark)
  code.jumpIf('ne', stale)
  code.bind(fresh)
  emitCold(emission, () => {
    code.bind(stale)
    code.move(RAX, memory(at))
    code.test(RAX, RAX)
    code.jumpIf('s', claimed)
    code.arithmetic('cmp', RAX, mark)
    code.jumpIf('e', fresh)
    code.jumpIf('a', done)
    code.moveImmediate(RDX, SERIES_BUSY)
    code.arithmetic('or', RDX, mark)
    code.compareExchange(memory(at), RDX, shared)
    code.jumpIf('ne', stale)
    code.storeImmediate(memory(at, WORD), 0n, WORD)
    code.moveImmediate(RAX, firstTotal(type))
    code.move(memory(at, 2 * WORD), RAX)
    code.move(memory(at), mark)
    code.jump(fresh)
    code.bind(claimed)
    countAt(emission, CONTROL.missed)
    code.jump(done)
  })
}

/** What every value replaces. */
function firstTotal({ reduce, signed }: TimeSeriesType): bigint {
  if (reduce === 'min') return signed ? (1n << 63n) - 1n : (1n << 64n) - 1n
  return reduce === 'max' && signed ? 1n << 63n : 0n
}

function takeIn(emission: Emission, type: TimeSeriesType, { at, shared }: Interval, given: Register): void {
  const total = memory(at, 2 * WORD)
  if (type.reduce === 'last') emission.code.move(total, given)
  else if (type.reduce === 'sum' || type.reduce === 'avg') emission.code.addTo(total, given, shared)
  else keepExtreme(emission, total, given, { kept: keptIf(type), shared })
}

/** The condition of a value beside the total under which the total stays. */
function keptIf({ reduce, signed }: TimeSeriesType): Condition {
  if (reduce === 'min') return signed ? 'ge' : 'ae'
  return signed ? 'le' : 'be'
}

function keepExtreme(
  { code }: Emission,
  total: Memory,
  given: Register,
  { kept, shared }: { readonly kept: Condition; readonly shared: boolean },
): void {
  const [again, done] = [newLabel(), newLabel()]
  code.move(RAX, total)
  code.bind(again)
  code.arithmetic('cmp', given, RAX)
  code.jumpIf(kept, done)
  code.compareExchange(total, given, shared)
  code.jumpIf('ne', again)
  code.bind(done)
}
