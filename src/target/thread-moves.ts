import { type Address, address } from '../bytes/address.js'
import { flagsOf, rewindingFor } from '../codegen/x64/rewind.js'
import { registerNames } from '../isa/x64/registers.js'
import { takeExit } from '../isa/x64/take-exit.js'
import type { KernelDoor } from '../kernel/door.js'
import type { EditSet } from './edit-set.js'
import type { Memory } from './memory.js'
import type { StackScanner } from './signal-stacks.js'
import type { StoppedThread } from './thread.js'
import { stateInFrame, stateOfThread, type ThreadState } from './thread-state.js'

export interface MovingThreads {
  readonly door: KernelDoor
  readonly memory: Memory
  readonly stacks: StackScanner
}

/**
 * Moves every thread that stands inside a window, or will return into one from a signal handler, to the same instruction
 * in the trampoline. The trampolines must be there already.
 * @returns the addresses inside windows that have no counterpart: those windows must not be written.
 */
export function moveIntoTrampolines(
  target: MovingThreads,
  threads: readonly StoppedThread[],
  edits: EditSet,
): Address[] {
  const stuck: Address[] = []
  for (const state of statesOf(target, threads)) {
    const to = edits.intoTrampoline(state.resumesAt)
    if (to !== undefined) {
      state.moveTo(to)
      state.commit()
    } else if (edits.inWindow(state.resumesAt)) stuck.push(state.resumesAt)
  }
  return stuck
}

/**
 * Moves every thread that stands in a trampoline back to the program's own code, whose bytes must have been restored.
 * @returns how many instruction pointers are still in an area, and must run on before it can be unmapped.
 */
export function moveOutOfTrampolines(target: MovingThreads, threads: readonly StoppedThread[], edits: EditSet): number {
  let inside = 0
  for (const state of statesOf(target, threads)) {
    if (edits.inArea(state.resumesAt) && !moveOut(target.memory, state, edits)) inside++
  }
  return inside
}

function moveOut(memory: Memory, state: ThreadState, edits: EditSet): boolean {
  const to = outOfTrampoline(memory, state, edits)
  if (to === undefined) return false
  state.moveTo(to)
  state.commit()
  return true
}

/** Registers of a place where a thread goes on. */
export type LeavingState = Pick<ThreadState, 'get' | 'set' | 'resumesAt'>

/**
 * Gives registers the values that they would have in the program's own code. @returns where that is; undefined where it
 * is not known, and then nothing is changed
 */
export function outOfTrampoline(memory: Memory, state: LeavingState, edits: EditSet): Address | undefined {
  return edits.outOfTrampoline(state.resumesAt) ?? leave(memory, state, edits) ?? rewind(memory, state, edits)
}

/** Finishes or undoes the moved instruction in whose middle a thread stands. */
function leave(memory: Memory, state: LeavingState, edits: EditSet): Address | undefined {
  const found = edits.exitAt(state.resumesAt)
  return (
    found &&
    takeExit(found.exit, found.site, {
      get: (register) => state.get(register),
      set: (register, value) => state.set(register, value),
      readWord: (at) => memory.read(at, 8).readBigUInt64LE(),
    })
  )
}

/** Undoes what the handler has done so far. Whether the hit has been counted by then or not, it happens once. */
function rewind(memory: Memory, state: LeavingState, edits: EditSet): Address | undefined {
  const handler = edits.inHandler(state.resumesAt)
  if (handler === undefined) return undefined
  const executed = memory.read(handler.start, Number(state.resumesAt - handler.start))
  const rewinding = rewindingFor(executed)
  if (rewinding === undefined) return undefined
  const rsp = state.get('rsp')
  state.set('eflags', flagsOf(rewinding, state.get('eflags'), state.get('rax')))
  for (const { register, stackOffset } of rewinding.restored) {
    const name = registerNames[register]
    if (name === undefined) return undefined
    state.set(name, memory.read(address(rsp + BigInt(stackOffset)), 8).readBigUInt64LE())
  }
  state.set('rsp', rsp + BigInt(rewinding.stackDelta))
  return handler.instruction
}

/** Every place where threads go on from: their registers, and those in the signal frames on their stacks. */
export function* statesOf(target: MovingThreads, threads: readonly StoppedThread[]): Generator<ThreadState> {
  for (const thread of threads) yield stateOfThread(target.door, thread)
  for (const frame of target.stacks.scan(threads)) yield stateInFrame(target.memory, frame)
}
