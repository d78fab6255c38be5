import { offsetBy } from '../../../bytes/address.js'
import { assert, unreachable } from '../../../bytes/assert.js'
import type { MapStatement } from '../../../ir/statement.js'
import { type AggregateType, isAggregate } from '../../../ir/value-type.js'
import { CONTROL, HEADER, type ThreadAggregateLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RCX, type Register } from '../assembler.js'
import { countAt, warningCode } from './cold.js'
import { zeroBlock } from './copy.js'
import { clobber, type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { mergeThreads } from './merge-threads.js'
import { behind, type Memory, memory } from './operand.js'
import { reduceAggregate } from './reduce-aggregate.js'
import { intoLocal } from './set-local.js'
import { updateAggregate } from './update-aggregate.js'

/** An aggregate without keys: this thread's part takes the value in, and all parts together are the value. */
export function emitThreadAggregate(emission: Emission, statement: MapStatement, layout: ThreadAggregateLayout): void {
  switch (statement.op) {
    case 'map-aggregate':
      emitUpdate(emission, statement, layout)
      return
    case 'map-load':
      emitLoad(emission, statement, layout)
      return
    case 'map-delete':
      emitDelete(emission, statement, layout)
      return
    case 'map-has':
    case 'map-length':
      intoLocal(emission, statement.local, (local) => {
        loadPresence(emission, statement.map, layout)
        emission.code.test(RAX, RAX)
        emission.code.setIf('ne', local)
      })
      return
    case 'map-store':
      throw new RangeError('a value in a map of aggregates')
    default:
      unreachable(statement)
      return
  }
}

function emitUpdate(
  emission: Emission,
  { map, value }: MapStatement & { op: 'map-aggregate' },
  layout: ThreadAggregateLayout,
): void {
  const { slot } = emission
  assert(slot !== undefined, 'the slot has been found')
  const done = newLabel()
  if (layout.tagInSlot !== undefined) emitTagCheck(emission, layout, layout.tagInSlot, done)
  const words = memory(slot, layout.inSlot)
  updateAggregate(emission, aggregateType(emission, map), { words, shared: false }, value)
  emission.code.bind(done)
}

function emitLoad(
  emission: Emission,
  { map, local }: MapStatement & { op: 'map-load' },
  layout: ThreadAggregateLayout,
): void {
  const type = aggregateType(emission, map)
  const words = mergeThreads(emission, map, type, layout)
  intoLocal(emission, local, (to) => {
    if (type.kind === 'hist' || type.kind === 'lhist') emission.code.move(to, words)
    // The two words are an interval of a series of one.
    else reduceAggregate(emission, type.kind === 'tseries' ? { ...type, intervals: 1 } : type, words, to)
  })
}

/** The next generation has nothing yet. */
function emitDelete(
  emission: Emission,
  { map, local, span }: MapStatement & { op: 'map-delete' },
  layout: ThreadAggregateLayout,
): void {
  const { code, request } = emission
  const done = newLabel()
  const none = warningCode(emission, 'no-such-key', span, done)
  loadPresence(emission, map, layout)
  intoLocal(emission, local, (existed) => {
    code.moveImmediate(RCX, offsetBy(request.dataAddress, layout.header))
    code.storeImmediate(memory(RCX, HEADER.zeroed), 0n, 8)
    code.increment(memory(RCX, HEADER.entries + 4), true, 4)
    code.test(RAX, RAX)
    code.setIf('ne', existed)
    code.test(existed, existed)
    code.jumpIf('e', none)
    code.bind(done)
  })
}

/** Not zero in rax if the map is there. */
function loadPresence(emission: Emission, map: number, layout: ThreadAggregateLayout): void {
  const { code, request } = emission
  const words = mergeThreads(emission, map, aggregateType(emission, map), layout)
  code.moveImmediate(RCX, offsetBy(request.dataAddress, layout.header))
  code.move(RAX, words)
  code.arithmetic('or', RAX, memory(RCX, HEADER.zeroed))
}

export function aggregateType({ request }: Emission, map: number): AggregateType {
  const type = request.program.maps[map]?.value
  assert(type !== undefined && isAggregate(type), 'a map of aggregates')
  return type
}

/** In the tag of words that are being made zero. */
const CLEARING = 1n << 63n

/**
 * Words of an earlier generation are made zero. A signal handler that hits in between finds them neither old nor new: its value is
 * counted as missed, and goes to `done`.
 */
function emitTagCheck(emission: Emission, layout: ThreadAggregateLayout, tagInSlot: number, done: Label): void {
  const { code, request, slot = 0 } = emission
  const [stale, fresh] = [newLabel(), newLabel()]
  const tag = memory(slot, tagInSlot)
  withRegister(emission, (generation) => {
    code.moveImmediate(generation, offsetBy(request.dataAddress, layout.header))
    code.load(generation, behind(memory(generation), 4), 4, false)
    code.arithmetic('cmp', tag, generation)
    code.jumpIf('ne', stale)
    code.bind(fresh)
    emitCold(emission, () => {
      code.bind(stale)
      claimWords(emission, { tag, generation, fresh, done })
      zeroBlock(emission, memory(slot, layout.inSlot), 8 * layout.words)
      code.move(tag, generation)
      code.jump(fresh)
    })
  })
}

interface Claim {
  readonly tag: Memory
  readonly generation: Register
  readonly fresh: Label
  readonly done: Label
}

/** Marks stale words as being made zero, unless a signal handler has made them fresh in the meantime, or has interrupted just this. */
function claimWords(emission: Emission, { tag, generation, fresh, done }: Claim): void {
  const { code } = emission
  const [again, claims] = [newLabel(), newLabel()]
  clobber(emission, RAX)
  withRegister(emission, (clearing) => {
    code.moveImmediate(clearing, CLEARING)
    code.arithmetic('or', clearing, generation)
    code.bind(again)
    code.move(RAX, tag)
    code.arithmetic('cmp', RAX, generation)
    code.jumpIf('e', fresh)
    code.arithmetic('cmp', RAX, clearing)
    code.jumpIf('ne', claims)
    countAt(emission, CONTROL.missed)
    code.jump(done)
    code.bind(claims)
    code.compareExchange(tag, clearing, false)
    code.jumpIf('ne', again)
  })
}
