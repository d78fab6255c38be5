import { unreachable } from '../../../bytes/assert.js'
import type { AggregateType } from '../../../ir/value-type.js'
import { aggregateWords, greatestBias, SERIES_WORDS } from '../../../store/aggregate-layout.js'
import { RAX, RDX, type Register } from '../assembler.js'
import { clobber, type Emission, newLabel, withRegister } from './emission.js'
import { behind, indexed, type Memory } from './operand.js'

/** The integer that an aggregate stands for: see `reducedValue`. `to` may be the base of the words. */
export function reduceAggregate(emission: Emission, type: AggregateType, words: Memory, to: Register): void {
  const { code } = emission
  switch (type.kind) {
    case 'count':
      code.move(to, words)
      return
    case 'sum':
      code.move(to, behind(words, 8))
      return
    case 'min':
    case 'max':
      reduceGreatest(emission, greatestBias({ ...type, kind: type.kind }), words, to)
      return
    case 'avg':
    case 'stats':
      reduceAverage(emission, type.signed, words, to)
      return
    case 'hist':
    case 'lhist':
      addWords(emission, aggregateWords(type), words, to)
      return
    case 'tseries':
      reduceSeries(emission, aggregateWords(type), words, to)
      return
    default:
      unreachable(type)
  }
}

function addWords(emission: Emission, count: number, words: Memory, to: Register): void {
  const { code } = emission
  const more = newLabel()
  clobber(emission, RAX, RDX)
  code.moveImmediate(RAX, BigInt(8 * count - 8))
  code.moveImmediate(RDX, 0n)
  code.bind(more)
  code.arithmetic('add', RDX, indexed(words.base, RAX, 1, words.displacement))
  code.arithmeticImmediate('sub', RAX, 8n)
  code.jumpIf('ns', more)
  code.move(to, RDX)
}

function reduceGreatest(emission: Emission, bias: bigint, words: Memory, to: Register): void {
  const { code } = emission
  const done = newLabel()
  clobber(emission, RAX)
  withRegister(emission, (present) => {
    code.move(present, words)
    code.move(to, behind(words, 8))
    code.moveImmediate(RAX, bias)
    code.arithmetic('xor', to, RAX)
    code.test(present, present)
    code.jumpIf('ne', done)
    code.moveImmediate(to, 0n)
    code.bind(done)
  })
}

function reduceAverage(emission: Emission, signed: boolean, words: Memory, to: Register): void {
  const { code } = emission
  const done = newLabel()
  clobber(emission, RAX, RDX)
  withRegister(emission, (count) => {
    code.move(count, words)
    code.move(RAX, behind(words, 8))
    code.moveImmediate(to, 0n)
    code.test(count, count)
    code.jumpIf('e', done)
    if (signed) {
      code.move(RDX, RAX)
      code.shift('sar', RDX, 63)
      code.divideSigned(count)
    } else {
      code.moveImmediate(RDX, 0n)
      code.divide(count)
    }
    code.move(to, RAX)
    code.bind(done)
  })
}

/** The number of the newest interval; 0 for none. */
function reduceSeries(emission: Emission, count: number, words: Memory, to: Register): void {
  const { code } = emission
  const [more, less, none] = [newLabel(), newLabel(), newLabel()]
  clobber(emission, RAX, RDX)
  code.moveImmediate(RAX, BigInt(8 * (count - SERIES_WORDS)))
  code.moveImmediate(RDX, 0n)
  code.bind(more)
  code.arithmetic('cmp', RDX, indexed(words.base, RAX, 1, words.displacement))
  code.jumpIf('ge', less)
  code.move(RDX, indexed(words.base, RAX, 1, words.displacement))
  code.bind(less)
  code.arithmeticImmediate('sub', RAX, BigInt(8 * SERIES_WORDS))
  code.jumpIf('ns', more)
  code.move(to, RDX)
  code.test(to, to)
  code.jumpIf('e', none)
  code.arithmeticImmediate('sub', to, 1n)
  code.bind(none)
}
