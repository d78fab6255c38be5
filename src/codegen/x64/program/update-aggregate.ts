import { unreachable } from '../../../bytes/assert.js'
import type { Expression } from '../../../ir/expression.js'
import type { AggregateType, HistogramType, LinearHistogramType } from '../../../ir/value-type.js'
import { aggregateWords, greatestBias } from '../../../store/aggregate-layout.js'
import { RAX, RCX, RDX, type Register } from '../assembler.js'
import { clobber, type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { fitsInt32 } from './encoder.js'
import { asImmediate, evaluate, withValue } from './evaluate.js'
import { behind, indexed, type Memory } from './operand.js'
import { updateSeries } from './update-series.js'

/** Where the words of an aggregate are, and whether other threads change them. */
export interface AggregateWords {
  readonly words: Memory
  /** Without, single instructions suffice: only this thread's signal handlers come between them. */
  readonly shared: boolean
}

/** Takes a value into an aggregate: see `aggregateWords` for what is in its words. Changes work registers. */
export function updateAggregate(emission: Emission, type: AggregateType, to: AggregateWords, value: Expression): void {
  const { code } = emission
  switch (type.kind) {
    case 'count':
      code.increment(to.words, to.shared)
      return
    case 'sum':
      addValue(emission, { ...to, words: behind(to.words, 8) }, value)
      code.storeImmediate(to.words, 1n, 8)
      return
    case 'avg':
    case 'stats':
      addValue(emission, { ...to, words: behind(to.words, 8) }, value)
      code.increment(to.words, to.shared)
      return
    case 'min':
    case 'max':
      keepGreatest(emission, greatestBias({ ...type, kind: type.kind }), to, value)
      return
    case 'hist':
      withValue(emission, value, (register) => countPower(emission, type, to, register))
      return
    case 'lhist':
      withValue(emission, value, (register) => countStep(emission, type, to, register))
      return
    case 'tseries':
      updateSeries(emission, type, to, value)
      return
    default:
      unreachable(type)
  }
}

function addValue(emission: Emission, { words, shared }: AggregateWords, value: Expression): void {
  const known = asImmediate(emission, value)
  if (known !== undefined && !shared) {
    emission.code.arithmeticImmediate('add', words, known)
    return
  }
  withValue(emission, value, (register) => emission.code.addTo(words, register, shared))
}

function keepGreatest(emission: Emission, bias: bigint, { words, shared }: AggregateWords, value: Expression): void {
  const { code } = emission
  const [again, done] = [newLabel(), newLabel()]
  const kept = behind(words, 8)
  clobber(emission, RAX)
  withRegister(emission, (biased) => {
    evaluate(emission, value, biased)
    if (bias !== 0n) {
      code.moveImmediate(RAX, bias)
      code.arithmetic('xor', biased, RAX)
    }
    code.move(RAX, kept)
    code.bind(again)
    code.arithmetic('cmp', biased, RAX)
    code.jumpIf('be', done)
    code.compareExchange(kept, biased, shared)
    code.jumpIf('ne', again)
    code.bind(done)
  })
  code.storeImmediate(words, 1n, 8)
}

/** See `bucketOf`: with p the power, the bucket is (p << bits) + (value >> p) + 1. */
function countPower(emission: Emission, type: HistogramType, { words, shared }: AggregateWords, value: Register): void {
  const { code } = emission
  const [negative, done] = [newLabel(), newLabel()]
  if (type.signed) {
    code.test(value, value)
    code.jumpIf('s', negative)
  }
  withRegister(emission, (bucket) => {
    code.move(bucket, value)
    code.arithmeticImmediate('or', bucket, BigInt(1 << type.bits))
    code.highestBit(bucket, bucket)
    if (type.bits === 0) {
      code.arithmeticImmediate('cmp', value, 1n)
      code.arithmeticImmediate('sbb', bucket, -1n)
    } else addInterval(emission, type.bits, bucket, value)
    code.increment(bucketAt(words, bucket, 1), shared)
  })
  code.bind(done)
  if (!type.signed) return
  emitCold(emission, () => {
    code.bind(negative)
    code.increment(words, shared)
    code.jump(done)
  })
}

function addInterval(emission: Emission, bits: number, bucket: Register, value: Register): void {
  const { code } = emission
  clobber(emission, RCX)
  withRegister(emission, (interval) => {
    code.move(interval, value)
    code.arithmeticImmediate('sub', bucket, BigInt(bits))
    code.move(RCX, bucket)
    code.shiftByCl('shr', interval)
    code.shift('shl', bucket, bits)
    code.arithmetic('add', bucket, interval)
  })
}

function bucketAt(words: Memory, bucket: Register, from: number): Memory {
  return indexed(words.base, bucket, 8, words.displacement + 8 * from)
}

/** See `linearBucketOf`. */
function countStep(emission: Emission, type: LinearHistogramType, to: AggregateWords, value: Register): void {
  const { code } = emission
  const [below, above, done] = [newLabel(), newLabel(), newLabel()]
  const last = aggregateWords(type) - 1
  withRegister(emission, (bucket) => {
    if (type.signed || type.min > 0n) {
      compareWith(emission, value, type.min, bucket)
      code.jumpIf(type.signed ? 'l' : 'b', below)
    }
    compareWith(emission, value, type.max, bucket)
    code.jumpIf(type.signed ? 'ge' : 'ae', above)
    code.move(bucket, value)
    subtract(emission, bucket, type.min)
    divideBy(emission, bucket, type.step, type.max - type.min)
    code.increment(bucketAt(to.words, bucket, 1), to.shared)
    code.bind(done)
  })
  emitCold(emission, () => {
    code.bind(below)
    code.increment(to.words, to.shared)
    code.jump(done)
    code.bind(above)
    code.increment(behind(to.words, 8 * last), to.shared)
    code.jump(done)
  })
}

function compareWith({ code }: Emission, value: Register, bound: bigint, scratch: Register): void {
  if (fitsInt32(bound)) {
    code.arithmeticImmediate('cmp', value, bound)
    return
  }
  code.moveImmediate(scratch, bound)
  code.arithmetic('cmp', value, scratch)
}

function subtract(emission: Emission, from: Register, value: bigint): void {
  if (value === 0n) return
  if (fitsInt32(value)) {
    emission.code.arithmeticImmediate('sub', from, value)
    return
  }
  withRegister(emission, (other) => {
    emission.code.moveImmediate(other, value)
    emission.code.arithmetic('sub', from, other)
  })
}

/** Values are below `bound`. By multiplication where 64 bits suffice for the reciprocal. */
function divideBy(emission: Emission, value: Register, divisor: bigint, bound: bigint): void {
  const { code } = emission
  if (divisor === 1n) return
  if ((divisor & (divisor - 1n)) === 0n) {
    code.shift('shr', value, divisor.toString(2).length - 1)
    return
  }
  clobber(emission, RAX, RDX)
  if (bound <= 1n << 32n) {
    code.moveImmediate(RAX, (1n << 64n) / divisor + 1n)
    code.multiplyWide(value)
    code.move(value, RDX)
    return
  }
  withRegister(emission, (by) => {
    code.moveImmediate(by, divisor)
    code.move(RAX, value)
    code.moveImmediate(RDX, 0n)
    code.divide(by)
    code.move(value, RAX)
  })
}
