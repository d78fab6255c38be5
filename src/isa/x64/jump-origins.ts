import { directTarget, fallsThrough, isNearCall } from './direct-target.js'
import type { FunctionCode } from './function-code.js'
import { FlowControl } from './iced.js'
import { InstructionCursor } from './instruction-cursor.js'
import { type ModuleCode, textBytes } from './module-code.js'
import { COMPUTED, noteCall, noteKernelEntry, noteWrite, type Origin, type Origins } from './register-origin.js'

/** More passes than any function needs: each adds at least one bit to a state, and most settle in two. */
const PASSES = 12

interface Flow {
  readonly code: ModuleCode
  readonly owner: FunctionCode
  /** Origins on arrival at each branch target. */
  readonly arriving: Map<number, Origins>
  /** Met over all indirect jumps: what reaches the targets of jump tables. */
  readonly atJumps: Origins
  /** Met over all calls and indirect jumps: what reaches landing pads, computed labels and the like. */
  readonly anywhere: Origins
  readonly jumps: Map<number, Origin>
  changed: boolean
}

/** Addresses that control may reach by other ways than direct branches. */
export interface IndirectEntries {
  readonly tableTargets: ReadonlySet<number>
  readonly labels: ReadonlySet<number>
}

/**
 * For each indirect jump of a function, by address, where the value of its register comes from on all paths. A forward
 * data flow over the function's instructions, repeated until nothing changes. Code that nothing leads to counts for nothing.
 */
export function jumpOrigins(
  code: ModuleCode,
  owner: FunctionCode,
  entries: IndirectEntries,
): ReadonlyMap<number, Origin> {
  const flow: Flow = {
    code,
    owner,
    arriving: new Map(),
    atJumps: new Uint8Array(16),
    anywhere: new Uint8Array(16),
    jumps: new Map(),
    changed: true,
  }
  for (let pass = 0; flow.changed; pass++) {
    if (pass === PASSES) return new Map(owner.indirectJumps.map(({ address }) => [address, COMPUTED]))
    flow.changed = false
    runOver(flow, entries)
  }
  return flow.jumps
}

function runOver(flow: Flow, { tableTargets, labels }: IndirectEntries): void {
  const { start, end } = flow.owner.bounds
  const state: Origins = new Uint8Array(16)
  using cursor = new InstructionCursor(textBytes(flow.code, start, end - start), start)
  while (cursor.next()) {
    const address = start + cursor.offset
    const arriving = flow.arriving.get(address)
    if (arriving !== undefined) meet(state, arriving)
    if (tableTargets.has(address)) meet(state, flow.atJumps)
    if (labels.has(address)) meet(state, flow.anywhere)
    step(flow, cursor, address, state)
    if (!fallsThrough(cursor.instruction)) state.fill(0)
  }
}

function step(flow: Flow, { instruction }: InstructionCursor, address: number, state: Origins): void {
  switch (instruction.flowControl) {
    case FlowControl.Next:
      noteWrite(instruction, state)
      break
    case FlowControl.Call:
    case FlowControl.IndirectCall:
      if (isNearCall(instruction)) noteCall(state)
      else noteKernelEntry(state)
      spread(flow, flow.anywhere, state)
      break
    case FlowControl.IndirectBranch:
      flow.jumps.set(address, jumpOrigin(flow, address, state))
      spread(flow, flow.atJumps, state)
      spread(flow, flow.anywhere, state)
      break
    case FlowControl.Interrupt:
      noteKernelEntry(state)
      break
    default:
      arrive(flow, directTarget(instruction), state)
  }
}

function jumpOrigin({ owner }: Flow, address: number, state: Origins): Origin {
  const register = owner.indirectJumps.find((jump) => jump.address === address)?.register
  return register === undefined ? 0 : (state[register] ?? COMPUTED)
}

function arrive(flow: Flow, target: bigint | undefined, state: Origins): void {
  if (target === undefined) return
  const known = flow.arriving.get(Number(target))
  if (known !== undefined) {
    spread(flow, known, state)
    return
  }
  flow.arriving.set(Number(target), state.slice())
  flow.changed = true
}

function meet(into: Origins, other: Origins): void {
  for (let register = 0; register < into.length; register++)
    into[register] = (into[register] ?? 0) | (other[register] ?? 0)
}

function spread(flow: Flow, into: Origins, state: Origins): void {
  const before = into.slice()
  meet(into, state)
  if (into.some((origin, register) => origin !== before[register])) flow.changed = true
}
