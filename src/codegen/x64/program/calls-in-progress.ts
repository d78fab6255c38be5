import { offsetBy } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import { callKey, callPoint } from '../../../ir/call-key.js'
import type { CallStatement } from '../../../ir/statement.js'
import { CALL_PLACE, type CallsLayout, CONTROL, HEADER } from '../../../store/program-layout.js'
import { type Label, RAX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { withCallPlace } from './call-place.js'
import { borrowing, warningCode } from './cold.js'
import { type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { evaluate } from './evaluate.js'
import { insertRoutine, MISSED } from './insert-routine.js'
import { behind, type Memory, memory } from './operand.js'
import { emitTime } from './sample.js'
import { intoLocal } from './set-local.js'
import { constantOf } from './simple-operand.js'
import { deleteRoutine, findRoutine } from './table-routines.js'

/** A call begins: in its place if nothing is there, or what this attach point has left there; else in the table. */
export function emitNoteCall(emission: Emission, statement: CallStatement & { op: 'note-call' }): void {
  const { code } = emission
  const layout = callsLayout(emission, statement.map)
  const [done, noted, other, none] = [newLabel(), newLabel(), newLabel(), newLabel()]
  const point = pointOf(emission)
  withCallPlace(emission, layout, { none, changed: statement.clock === undefined ? [] : [RAX, RDX] }, (place) => {
    code.arithmeticImmediate('cmp', place, 0n, 4)
    code.jumpIf('ne', other)
    code.bind(noted)
    code.storeImmediate(place, point, 4)
    emitBegan(emission, statement, behind(place, CALL_PLACE.began))
    emitCold(emission, () => {
      code.bind(other)
      code.arithmeticImmediate('cmp', place, point, 4)
      code.jumpIf('e', noted)
      code.jump(none)
    })
  })
  code.bind(done)
  emitCold(emission, () => {
    code.bind(none)
    noteInTable(emission, statement, done)
  })
}

/** A call returns: goes to the end of the handler unless it is in its place, or in the table. */
export function emitTakeCall(emission: Emission, { map, local }: CallStatement & { op: 'take-call' }): void {
  const { code } = emission
  const layout = callsLayout(emission, map)
  const [taken, elsewhere] = [newLabel(), newLabel()]
  const load = (from: Memory): void => {
    if (local !== undefined) intoLocal(emission, local, (to) => code.move(to, from))
  }
  withCallPlace(emission, layout, { none: elsewhere, changed: [] }, (place) => {
    code.arithmeticImmediate('cmp', place, pointOf(emission), 4)
    code.jumpIf('ne', elsewhere)
    code.storeImmediate(place, 0n, 4)
    load(behind(place, CALL_PLACE.began))
  })
  code.bind(taken)
  emitCold(emission, () => {
    code.bind(elsewhere)
    atCallInTable(emission, map, ({ began, drop }) => {
      load(began)
      drop()
    })
    code.jump(taken)
  })
}

export function callsLayout({ request }: Emission, map: number): CallsLayout {
  const layout = request.layout.maps[map]
  assert(layout?.kind === 'calls', 'a map of calls in progress')
  return layout
}

export function pointOf(emission: Emission): bigint {
  const point = constantOf(emission, callPoint)
  assert(point !== undefined, 'the attach point is known at its site')
  return point + 1n
}

export function emitBegan(emission: Emission, { clock }: CallStatement & { op: 'note-call' }, to: Memory): void {
  // It is not on its way.
  if (clock === undefined && emission.request.isFollowed === true) emission.code.storeImmediate(to, 0n, 8)
  if (clock === undefined) return
  emitTime(emission, CONTROL[clock], RAX)
  emission.code.move(to, RAX)
}

/** In cold code. `made` is emitted where the call was not there before. */
export function noteInTable(
  emission: Emission,
  statement: CallStatement & { op: 'note-call' },
  done: Label,
  made?: () => void,
): void {
  const { code } = emission
  const { table } = callsLayout(emission, statement.map)
  const full = warningCode(emission, 'too-many-calls', statement.span, done)
  withRegister(emission, (place) => {
    const known = newLabel()
    if (made !== undefined) {
      evaluate(emission, callKey, place)
      callRoutine(emission, place, findRoutine(emission, statement.map, table))
      code.test(place, place)
      code.jumpIf('ne', known)
    }
    evaluate(emission, callKey, place)
    callRoutine(emission, place, insertRoutine(emission, statement.map, table))
    code.arithmeticImmediate('cmp', place, MISSED)
    code.jumpIf('e', done)
    code.jumpIf('b', full)
    made?.()
    code.bind(known)
    emitBegan(emission, statement, memory(place, table.valueOffset))
  })
  code.jump(done)
}

/** What is kept of a call that has been noted and not taken. */
export interface KnownCall {
  readonly began: Memory
  readonly drop: () => void
}

/**
 * In cold code: goes to the end of the handler if the call is not in the table. Most who come here are of calls that nobody has noted:
 * the table has no entry then.
 */
export function atCallInTable(emission: Emission, map: number, act: (call: KnownCall) => void): void {
  const { code, request, end } = emission
  const { header, table } = callsLayout(emission, map)
  withRegister(emission, (place) => {
    code.moveImmediate(place, offsetBy(request.dataAddress, header + HEADER.entries))
    code.arithmeticImmediate('cmp', memory(place), 0n, 4)
    code.jumpIf('e', end)
    evaluate(emission, callKey, place)
    callRoutine(emission, place, findRoutine(emission, map, table))
    code.test(place, place)
    code.jumpIf('e', end)
    const drop = (): void => {
      evaluate(emission, callKey, place)
      callRoutine(emission, place, deleteRoutine(emission, map, table))
    }
    act({ began: memory(place, table.valueOffset), drop })
  })
}

/** With a key in the register, which gets what the routine returns. */
export function callRoutine(emission: Emission, register: Register, routine: Label): void {
  const { code } = emission
  borrowing(emission, [RAX, RCX, RDX, RSI, RDI], () => {
    code.move(RSI, register)
    code.call(routine)
    code.move(register, RAX)
  })
}
