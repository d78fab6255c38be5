import { ON_ITS_WAY } from '../../../ir/call-key.js'
import type { CallStatement } from '../../../ir/statement.js'
import { CALL_PLACE, FOLLOWED_PLACE } from '../../../store/program-layout.js'
import { type Label, RAX, RDX } from '../assembler.js'
import { withCallPlace } from './call-place.js'
import { atCallInTable, callsLayout, emitBegan, type KnownCall, noteInTable, pointOf } from './calls-in-progress.js'
import { type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { behind, type Memory } from './operand.js'
import { intoLocal } from './set-local.js'

/*
 * Calls of functions that are followed into others. Two may be at one place: of a function, and of one that it has jumped to. More are
 * in the table, and their number is at the place: who finds 0 there need not look.
 */

const SLOTS = [0, FOLLOWED_PLACE.second]

/** A call begins. */
export function emitNoteFollowed(emission: Emission, statement: CallStatement & { op: 'note-call' }): void {
  const { code } = emission
  const layout = callsLayout(emission, statement.map)
  const [done, none] = [newLabel(), newLabel()]
  const point = pointOf(emission)
  withCallPlace(emission, layout, { none, changed: statement.clock === undefined ? [] : [RAX, RDX] }, (place) => {
    for (const at of SLOTS) {
      const slot = behind(place, at)
      const [noted, other] = [newLabel(), newLabel()]
      code.arithmeticImmediate('cmp', slot, 0n, 4)
      code.jumpIf('e', noted)
      code.arithmeticImmediate('cmp', slot, point, 4)
      code.jumpIf('ne', other)
      code.bind(noted)
      code.storeImmediate(slot, point, 4)
      emitBegan(emission, statement, behind(slot, CALL_PLACE.began))
      code.jump(done)
      code.bind(other)
    }
    const tabled = newLabel()
    code.jump(tabled)
    emitCold(emission, () => {
      code.bind(tabled)
      noteInTable(emission, statement, done, () => code.increment(behind(place, FOLLOWED_PLACE.tabled), false, 4))
    })
  })
  code.bind(done)
  emitCold(emission, () => {
    code.bind(none)
    noteInTable(emission, statement, done)
  })
}

/** A call returns, wherever it has come to. */
export function emitTakeFollowed(emission: Emission, { map, local }: CallStatement & { op: 'take-call' }): void {
  atKnownCall(emission, map, ({ began, drop }) => {
    if (local !== undefined) intoLocal(emission, local, (to) => emission.code.move(to, began))
    drop()
  })
}

/** A call goes on in another function. */
export function emitPassCall(emission: Emission, { map }: CallStatement & { op: 'pass-call' }): void {
  atKnownCall(emission, map, ({ began }) =>
    emission.code.arithmeticImmediate('or', upperHalf(began), BigInt.asIntN(32, UPPER_ON_ITS_WAY), 4),
  )
}

/**
 * A call that is on its way is here; another one is over. There may be one more of the function behind that: it was left, and the next one
 * was noted in front of it, where meanwhile there was room.
 */
export function emitReceiveCall(emission: Emission, { map }: CallStatement & { op: 'receive-call' }): void {
  const { code } = emission
  const again = newLabel()
  code.bind(again)
  atKnownCall(emission, map, ({ began, drop }) => {
    const comes = newLabel()
    code.arithmeticImmediate('cmp', upperHalf(began), 0n, 4)
    code.jumpIf('l', comes)
    drop()
    code.jump(again)
    code.bind(comes)
    code.arithmeticImmediate('and', upperHalf(began), UPPER_ON_ITS_WAY - 1n, 4)
  })
}

const UPPER_ON_ITS_WAY = ON_ITS_WAY >> 32n

function upperHalf(began: Memory): Memory {
  return behind(began, 4)
}

/** Goes to the end of the handler where the call is not known. */
function atKnownCall(emission: Emission, map: number, act: (call: KnownCall) => void): void {
  const { code, end } = emission
  const [done, none] = [newLabel(), newLabel()]
  withCallPlace(emission, callsLayout(emission, map), { none, changed: [] }, (place) => {
    for (const at of SLOTS) {
      const slot = behind(place, at)
      const other = newLabel()
      code.arithmeticImmediate('cmp', slot, pointOf(emission), 4)
      code.jumpIf('ne', other)
      act({ began: behind(slot, CALL_PLACE.began), drop: () => code.storeImmediate(slot, 0n, 4) })
      code.jump(done)
      code.bind(other)
    }
    const tabled = behind(place, FOLLOWED_PLACE.tabled)
    const search = newLabel()
    code.arithmeticImmediate('cmp', tabled, 0n, 4)
    code.jumpIf('e', end)
    code.jump(search)
    emitCold(emission, () => {
      code.bind(search)
      atCallInTable(emission, map, ({ began, drop }) => {
        const dropHere = (): void => {
          drop()
          code.decrement(tabled, false, 4)
        }
        act({ began, drop: dropHere })
      })
      code.jump(done)
    })
  })
  code.bind(done)
  emitCold(emission, () => {
    code.bind(none)
    atCallInTable(emission, map, act)
    code.jump(done)
  })
}

/** Numbers of attach points. */
export interface PointRange {
  readonly first: bigint
  readonly last: bigint
}

/** Goes to `otherwise`, with everything as it was, where none of these points can have a call. */
export function emitIfKnown(emission: Emission, map: number, { first, last }: PointRange, otherwise: Label): void {
  const { code } = emission
  const known = newLabel()
  withCallPlace(emission, callsLayout(emission, map), { none: known, changed: [] }, (place) => {
    withRegister(emission, (point) => {
      for (const at of SLOTS) {
        code.load(point, behind(place, at), 4, false)
        code.arithmeticImmediate('sub', point, first + 1n, 4)
        code.arithmeticImmediate('cmp', point, last - first, 4)
        code.jumpIf('be', known)
      }
      code.arithmeticImmediate('cmp', behind(place, FOLLOWED_PLACE.tabled), 0n, 4)
      code.jumpIf('ne', known)
    })
  })
  emission.hit.emitRestore(code)
  code.jump(otherwise)
  code.bind(known)
}
