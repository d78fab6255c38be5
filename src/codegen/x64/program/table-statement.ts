import { offsetBy } from '../../../bytes/address.js'
import { assert, unreachable } from '../../../bytes/assert.js'
import type { Expression } from '../../../ir/expression.js'
import { sizeOf } from '../../../ir/layout.js'
import type { MapStatement } from '../../../ir/statement.js'
import { isAggregate, isScalar } from '../../../ir/value-type.js'
import { PLACE, PLACE_KEY, type TableLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { addToWord } from './add-to-word.js'
import { emitBlock, emitWord, placeOf } from './block.js'
import { borrowing, warningCode } from './cold.js'
import { copyBlock, zeroBlock } from './copy.js'
import { clobber, type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { withValue } from './evaluate.js'
import { hashWord } from './hash-key.js'
import { insertRoutine, MISSED } from './insert-routine.js'
import type { MapIncrement } from './map-increment.js'
import { type Memory, memory, type Place, relative } from './operand.js'
import { reduceAggregate } from './reduce-aggregate.js'
import { clearLocal, intoLocal, placeOfLocal, typeOfLocal } from './set-local.js'
import { deleteRoutine, findRoutine } from './table-routines.js'
import { aggregateType } from './thread-aggregate.js'
import { updateAggregate } from './update-aggregate.js'

/** A statement on a map with keys: finds the key's place, or makes one, and works on it. */
export function emitTableStatement(emission: Emission, statement: MapStatement, layout: TableLayout): void {
  switch (statement.op) {
    case 'map-load':
      emitLoad(emission, statement, layout)
      return
    case 'map-store':
      emitStore(emission, statement, layout)
      return
    case 'map-aggregate':
      emitAggregate(emission, statement, layout)
      return
    case 'map-delete':
      emitDelete(emission, statement, layout)
      return
    case 'map-has':
      emitHas(emission, statement, layout)
      return
    case 'map-length':
      intoLocal(emission, statement.local, (local) => {
        emission.code.moveImmediate(local, offsetBy(emission.request.dataAddress, layout.header))
        emission.code.load(local, memory(local), 4, false)
      })
      return
    default:
      unreachable(statement)
      return
  }
}

interface KeyedStatement {
  readonly map: number
  readonly key: Expression | undefined
}

function keyOf({ key }: KeyedStatement): Expression {
  assert(key !== undefined, 'a map with keys is used with one')
  return key
}

function emitLoad(emission: Emission, statement: MapStatement & { op: 'map-load' }, layout: TableLayout): void {
  const { code, request } = emission
  const declared = request.program.maps[statement.map]?.value
  const type = typeOfLocal(emission, statement.local)
  const [missing, done] = [newLabel(), newLabel()]
  withPlace(emission, statement, layout, { none: missing }, (place) => {
    const value = memory(place, layout.valueOffset)
    const local = placeOfLocal(emission, statement.local)
    if (declared !== undefined && isAggregate(declared))
      intoLocal(emission, statement.local, (to) => reduceAggregate(emission, declared, value, to))
    else if (isScalar(type)) intoLocal(emission, statement.local, (to) => code.move(to, value))
    else if (typeof local !== 'number') copyBlock(emission, local, value, sizeOf(type))
  })
  code.bind(done)
  emitCold(emission, () => {
    code.bind(missing)
    clearLocal(emission, statement.local)
    code.jump(done)
  })
}

function emitStore(emission: Emission, statement: MapStatement & { op: 'map-store' }, layout: TableLayout): void {
  const { code } = emission
  const done = newLabel()
  const { value, span } = statement
  const full = warningCode(emission, 'map-full', span, done)
  // A block may itself come from the map, and needs work registers.
  const block = isScalar(value.type) ? undefined : placeOf(emission, value)
  withPlace(emission, statement, layout, { none: full, missed: done }, (place) => {
    const to = memory(place, layout.valueOffset)
    if (block === undefined) emitWord(emission, value, to)
    else copyBlock(emission, to, block, sizeOf(value.type))
  })
  code.bind(done)
}

function emitAggregate(
  emission: Emission,
  statement: MapStatement & { op: 'map-aggregate' },
  layout: TableLayout,
): void {
  const done = newLabel()
  const full = warningCode(emission, 'map-full', statement.span, done)
  const type = aggregateType(emission, statement.map)
  withPlace(emission, statement, layout, { none: full, missed: done }, (place) =>
    updateAggregate(emission, type, { words: memory(place, layout.valueOffset), shared: true }, statement.value),
  )
  emission.code.bind(done)
}

/** A full map loses the increment; the local is then zero, like that of any key without an entry. */
export function incrementEntry(emission: Emission, increment: MapIncrement, layout: TableLayout): void {
  const { code } = emission
  const { load, store } = increment
  const [none, done] = [newLabel(), newLabel()]
  const full = warningCode(emission, 'map-full', store.span, none)
  withPlace(emission, load, layout, { none: full, missed: none }, (place) =>
    addToWord(emission, increment, memory(place, layout.valueOffset)),
  )
  code.bind(done)
  emitCold(emission, () => {
    code.bind(none)
    clearLocal(emission, load.local)
    code.jump(done)
  })
}

function emitHas(emission: Emission, statement: MapStatement & { op: 'map-has' }, layout: TableLayout): void {
  const { code } = emission
  const [missing, done] = [newLabel(), newLabel()]
  withPlace(emission, statement, layout, { none: missing }, () => {})
  intoLocal(emission, statement.local, (local) => {
    code.moveImmediate(local, 1n)
    code.jump(done)
    code.bind(missing)
    code.moveImmediate(local, 0n)
    code.bind(done)
  })
}

function emitDelete(emission: Emission, statement: MapStatement & { op: 'map-delete' }, layout: TableLayout): void {
  const { code } = emission
  const done = newLabel()
  const none = warningCode(emission, 'no-such-key', statement.span, done)
  withKey(emission, keyOf(statement), layout, (key) => {
    callWithKey(emission, key, deleteRoutine(emission, statement.map, layout))
  })
  intoLocal(emission, statement.local, (local) => {
    code.move(local, RAX)
    code.test(local, local)
    code.jumpIf('e', none)
    code.bind(done)
  })
}

/** A key that is a word stands in a register, another one somewhere in memory. */
type Key = Register | Place

interface PlaceOutcomes {
  /** The key has no entry, and gets none. */
  readonly none: Label
  /** An entry is made where there is none; here it could not be. Without, one is only looked for. */
  readonly missed?: Label
}

/** Runs `body` with the place of the statement's key. */
function withPlace(
  emission: Emission,
  statement: KeyedStatement,
  layout: TableLayout,
  outcomes: PlaceOutcomes,
  body: (place: Register) => void,
): void {
  const { code } = emission
  const makeRoutine = outcomes.missed === undefined ? findRoutine : insertRoutine
  const routine = makeRoutine(emission, statement.map, layout)
  withRegister(emission, (place) => {
    withKey(emission, keyOf(statement), layout, (key) => {
      if (typeof key === 'number') emitFirstProbe(emission, layout, key, place, routine, outcomes)
      else {
        callWithKey(emission, key, routine)
        code.move(place, RAX)
        const found = newLabel()
        checkPlace(emission, place, found, outcomes)
        code.bind(found)
      }
    })
    body(place)
  })
}

/** Blocks are padded with zeros to whole words; one that fits into a word is one. */
function withKey(emission: Emission, key: Expression, layout: TableLayout, body: (key: Key) => void): void {
  if (isScalar(key.type)) {
    withValue(emission, key, body)
    return
  }
  const block = wholeWords(emission, key, layout)
  if (layout.keySize > 8) {
    body(block)
    return
  }
  withRegister(emission, (word) => {
    emission.code.move(word, block)
    body(word)
  })
}

function wholeWords(emission: Emission, key: Expression, { keySize }: TableLayout): Place {
  if (sizeOf(key.type) === keySize) return placeOf(emission, key)
  const padded = emission.frame.take(keySize)
  zeroBlock(emission, { ...padded, displacement: padded.displacement + keySize - 8 }, 8)
  emitBlock(emission, key, padded)
  return padded
}

/** Most keys are found where they are looked for first. */
function emitFirstProbe(
  emission: Emission,
  layout: TableLayout,
  key: Register,
  place: Register,
  routine: Label,
  outcomes: PlaceOutcomes,
): void {
  const { code } = emission
  const [elsewhere, found] = [newLabel(), newLabel()]
  hashWord(code, place, key, layout.shift)
  scale(emission, place, layout.placeSize)
  code.arithmetic('add', place, relative(emission.literals.quad(offsetBy(emission.request.dataAddress, layout.offset))))
  emitReadyCheck(emission, layout, memory(place), elsewhere)
  code.arithmetic('cmp', memory(place, PLACE_KEY), key)
  code.jumpIf('ne', elsewhere)
  code.bind(found)
  emitCold(emission, () => {
    code.bind(elsewhere)
    borrowing(emission, [RAX, RCX, RDX, RSI, RDI], () => {
      code.move(RSI, key)
      code.call(routine)
      code.move(place, RAX)
    })
    checkPlace(emission, place, found, outcomes)
  })
}

/** What a routine has returned. */
function checkPlace({ code }: Emission, place: Register, found: Label, { none, missed }: PlaceOutcomes): void {
  code.arithmeticImmediate('cmp', place, MISSED)
  code.jumpIf('a', found)
  if (missed !== undefined) code.jumpIf('e', missed)
  code.jump(none)
}

function scale({ code }: Emission, register: Register, size: number): void {
  if ((size & (size - 1)) === 0) code.shift('shl', register, Math.log2(size))
  else code.multiplyImmediate(register, register, BigInt(size))
}

/** Goes to `otherwise` unless the place is an entry of the map's generation. */
export function emitReadyCheck(emission: Emission, layout: TableLayout, state: Memory, otherwise: Label): void {
  const { code, request } = emission
  if (!layout.clears) {
    code.arithmeticImmediate('cmp', state, BigInt(PLACE.ready))
    code.jumpIf('ne', otherwise)
    return
  }
  withRegister(emission, (generation) => {
    code.moveImmediate(generation, offsetBy(request.dataAddress, layout.header))
    code.load(generation, memory(generation, 4), 4, false)
    code.arithmetic('cmp', { ...state, displacement: 4 }, generation, 4)
    code.jumpIf('ne', otherwise)
    code.arithmeticImmediate('cmp', state, BigInt(PLACE.ready), 4)
    code.jumpIf('ne', otherwise)
  })
}

/** Calls a routine of the table; what it returns is in rax. */
function callWithKey(emission: Emission, key: Key, routine: Label): void {
  const { code } = emission
  clobber(emission, RAX, RCX, RDX, RSI, RDI)
  if (typeof key === 'number') code.move(RSI, key)
  else code.address(RSI, key)
  borrowing(emission, [], () => code.call(routine))
}
