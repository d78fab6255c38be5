import { unreachable } from '../../../bytes/assert.js'
import type { AggregateType } from '../../../ir/value-type.js'
import { SERIES_WORDS } from '../../../store/aggregate-layout.js'
import type { ThreadAggregateLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RBX, RCX, RDI, RDX, RSI } from '../assembler.js'
import { borrowing } from './cold.js'
import { clobber, type Emission, newLabel } from './emission.js'
import type { Encoder } from './encoder.js'
import { indexed, type Memory, memory } from './operand.js'

/** What the threads' parts make together, as two words in the frame; of histograms only the first, with the sum of all counts, of series with the mark of the
 * newest interval. */
export function mergeThreads(
  emission: Emission,
  map: number,
  type: AggregateType,
  layout: ThreadAggregateLayout,
): Memory {
  const { code, frame } = emission
  const words = frame.take(16)
  clobber(emission, RAX, RCX, RDX, RSI, RDI)
  code.address(RSI, words)
  borrowing(emission, [], () => code.call(mergeRoutine(emission, map, type, layout)))
  return words
}

const R8 = 8
const saved = [RBX, R8]

/**
 * Takes the address of the result in rsi. Changes the work registers and no others. Inside: rdi the data area, rcx the number of the
 * slot, rbx the slot, rax and rdx the two words, r8 the generation and whatever else.
 */
function mergeRoutine(
  { support, request: { layout, dataAddress } }: Emission,
  map: number,
  type: AggregateType,
  { header, tagInSlot, inSlot, words }: ThreadAggregateLayout,
): Label {
  return support.routine(`merge ${map}`, (code) => {
    const [look, next] = [newLabel(), newLabel()]
    for (const register of saved) code.asm.push(register)
    code.moveImmediate(RDI, dataAddress)
    code.moveImmediate(RAX, 0n)
    code.moveImmediate(RDX, 0n)
    code.moveImmediate(RCX, BigInt(layout.slots - 1))
    code.bind(look)
    code.arithmeticImmediate('cmp', indexed(RDI, RCX, 1, layout.directoryOffset), 0n, 1)
    code.jumpIf('e', next)
    code.move(RBX, RCX)
    code.shift('shl', RBX, layout.slotShift)
    code.arithmetic('add', RBX, RDI)
    code.arithmeticImmediate('add', RBX, BigInt(layout.slotsOffset))
    if (tagInSlot !== undefined) {
      code.load(R8, memory(RDI, header + 4), 4, false)
      code.arithmetic('cmp', R8, memory(RBX, tagInSlot))
      code.jumpIf('ne', next)
    }
    mergePart(code, type, memory(RBX, inSlot), words)
    code.bind(next)
    code.arithmeticImmediate('sub', RCX, 1n)
    code.jumpIf('ns', look)
    code.move(memory(RSI), RAX)
    code.move(memory(RSI, 8), RDX)
    for (const register of saved.toReversed()) code.asm.pop(register)
    code.asm.return()
  })
}

function mergePart(code: Encoder, { kind }: AggregateType, part: Memory, words: number): void {
  const second = { ...part, displacement: part.displacement + 8 }
  switch (kind) {
    case 'count':
      code.arithmetic('add', RAX, part)
      return
    case 'sum':
      code.arithmetic('or', RAX, part)
      code.arithmetic('add', RDX, second)
      return
    case 'avg':
    case 'stats':
      code.arithmetic('add', RAX, part)
      code.arithmetic('add', RDX, second)
      return
    case 'min':
    case 'max': {
      const less = newLabel()
      code.arithmetic('or', RAX, part)
      code.arithmetic('cmp', RDX, second)
      code.jumpIf('ae', less)
      code.move(RDX, second)
      code.bind(less)
      return
    }
    case 'hist':
    case 'lhist': {
      const more = newLabel()
      code.moveImmediate(R8, BigInt(8 * words - 8))
      code.bind(more)
      code.arithmetic('add', RAX, indexed(RBX, R8, 1, part.displacement))
      code.arithmeticImmediate('sub', R8, 8n)
      code.jumpIf('ns', more)
      return
    }
    case 'tseries': {
      mergeMarks(code, part, words)
      return
    }
    default:
      unreachable(kind)
  }
}

/** The greatest mark of an interval, in rax. */
function mergeMarks(code: Encoder, part: Memory, words: number): void {
  const [more, less] = [newLabel(), newLabel()]
  code.moveImmediate(R8, BigInt(8 * (words - SERIES_WORDS)))
  code.bind(more)
  code.arithmetic('cmp', RAX, indexed(RBX, R8, 1, part.displacement))
  code.jumpIf('ge', less)
  code.move(RAX, indexed(RBX, R8, 1, part.displacement))
  code.bind(less)
  code.arithmeticImmediate('sub', R8, BigInt(8 * SERIES_WORDS))
  code.jumpIf('ns', more)
}
