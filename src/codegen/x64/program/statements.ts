import type { Statement } from '../../../ir/statement.js'
import type { Label } from '../assembler.js'
import { emitNoteCall, emitTakeCall } from './calls-in-progress.js'
import { jumpIfTruth } from './condition.js'
import { emitDivide } from './divide.js'
import { type Emission, newLabel, withFrame } from './emission.js'
import { emitEvent } from './emit-event.js'
import { emitJoin } from './emit-join.js'
import { emitNoteFollowed, emitPassCall, emitReceiveCall, emitTakeFollowed } from './followed-calls.js'
import { emitForEach } from './for-each.js'
import { emitLoopTurn } from './loop-turn.js'
import { incrementAt } from './map-increment.js'
import { emitMapIncrement, emitMapStatement } from './map-statement.js'
import { emitRead } from './read.js'
import { emitReadBuffer, emitReadString } from './read-text.js'
import { emitSample } from './sample.js'
import { emitSendSignal } from './send-signal.js'
import { clearLocal, setLocal } from './set-local.js'
import { emitFindSlot } from './slot.js'
import { emitTakeStack } from './take-stack.js'

/** Where `break` and `continue` go. */
export interface LoopLabels {
  readonly next: Label
  readonly done: Label
}

export function emitStatements(emission: Emission, list: readonly Statement[], loop: LoopLabels | undefined): void {
  const done = new Set<Statement>()
  for (const [at, statement] of list.entries()) {
    if (statement === emission.slotIsFoundAt && emission.slot !== undefined) emitFindSlot(emission, emission.slot)
    const increment = incrementAt(emission, list, at)
    if (increment !== undefined) done.add(increment.store)
    withFrame(emission, () => {
      if (increment !== undefined) emitMapIncrement(emission, increment)
      else if (!done.has(statement)) emitStatement(emission, statement, loop)
    })
    if (leaves(statement)) return
  }
}

function leaves({ op }: Statement): boolean {
  return op === 'break' || op === 'continue' || op === 'return'
}

function emitStatement(emission: Emission, statement: Statement, loop: LoopLabels | undefined): void {
  switch (statement.op) {
    case 'if':
      emitIf(emission, statement, loop)
      return
    case 'loop':
      emitLoop(emission, statement)
      return
    case 'for-each':
      emitForEach(emission, statement, (labels) => emitStatements(emission, statement.body, labels))
      return
    case 'break':
    case 'continue':
    case 'return':
      emission.code.jump(leaveLabel(emission, statement, loop))
      return
    case 'set':
      setLocal(emission, statement.local, statement.value)
      return
    case 'clear':
      clearLocal(emission, statement.local)
      return
    case 'divide':
    case 'modulo':
      emitDivide(emission, statement)
      return
    case 'sample':
      emitSample(emission, statement)
      return
    case 'take-stack':
      emitTakeStack(emission, statement.local)
      return
    case 'read':
      emitRead(emission, statement)
      return
    case 'read-string':
      emitReadString(emission, statement)
      return
    case 'read-buffer':
      emitReadBuffer(emission, statement)
      return
    case 'emit':
      emitEvent(emission, statement)
      return
    case 'join':
      emitJoin(emission, statement)
      return
    case 'send-signal':
      emitSendSignal(emission, statement)
      return
    case 'note-call':
      if (emission.request.isFollowed) emitNoteFollowed(emission, statement)
      else emitNoteCall(emission, statement)
      return
    case 'take-call':
      if (emission.request.isFollowed) emitTakeFollowed(emission, statement)
      else emitTakeCall(emission, statement)
      return
    case 'pass-call':
      emitPassCall(emission, statement)
      return
    case 'receive-call':
      emitReceiveCall(emission, statement)
      return
    default:
      emitMapStatement(emission, statement)
      return
  }
}

function emitIf(emission: Emission, statement: Statement & { op: 'if' }, loop: LoopLabels | undefined): void {
  const { code } = emission
  const { condition, consequent, alternative } = statement
  const direct = consequent.length === 0 ? leavingLabel(emission, alternative, loop) : undefined
  if (direct !== undefined) {
    jumpIfTruth(emission, condition, false, direct)
    return
  }
  const [otherwise, done] = [newLabel(), newLabel()]
  jumpIfTruth(emission, condition, consequent.length === 0, consequent.length === 0 ? done : otherwise)
  emitStatements(emission, consequent, loop)
  if (consequent.length > 0 && alternative.length > 0 && !endsElsewhere(consequent)) code.jump(done)
  code.bind(otherwise)
  emitStatements(emission, alternative, loop)
  code.bind(done)
}

/** Where a list goes that does nothing but leave. */
function leavingLabel(emission: Emission, list: readonly Statement[], loop: LoopLabels | undefined): Label | undefined {
  const [first] = list
  if (first === undefined || !leaves(first)) return undefined
  return leaveLabel(emission, first, loop)
}

function leaveLabel({ end }: Emission, { op }: Statement, loop: LoopLabels | undefined): Label {
  if (op === 'return' || loop === undefined) return end
  return op === 'break' ? loop.done : loop.next
}

function endsElsewhere(list: readonly Statement[]): boolean {
  return list.some(leaves)
}

function emitLoop(emission: Emission, { body, step, span }: Statement & { op: 'loop' }): void {
  const { code } = emission
  const [again, next, done] = [newLabel(), newLabel(), newLabel()]
  code.bind(again)
  emitLoopTurn(emission, span)
  emitStatements(emission, body, { next, done })
  code.bind(next)
  emitStatements(emission, step, undefined)
  code.jump(again)
  code.bind(done)
}
