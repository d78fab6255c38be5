import {
  givenBack,
  maskOf,
  residentMask,
  residentSignals,
  shifted,
  takenSignals,
  toProgram,
  withStandInsShown,
} from '../../codegen/x64/signals/virtual-signals.js'
import { insist } from '../../kernel/insist.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import { describeRange, removeAreas } from '../area.js'
import { editSetOf, type InstalledArea } from '../installation.js'
import { applyPatch, preparePatch } from '../patch.js'
import { withRemoteCalls } from '../remote-session.js'
import type { StackScanner } from '../signal-stacks.js'
import { stopUntil } from '../stop-rounds.js'
import type { TargetProcess } from '../target-process.js'
import { moveOutOfTrampolines, statesOf } from '../thread-moves.js'
import type { StoppedTarget } from '../threads.js'
import type { UninstallResult } from '../uninstall.js'
import type { CoreArea } from './core-area.js'
import { publishedTraps, stillPlanted } from './planted-traps.js'
import { settleHandlers } from './settle-handlers.js'
import { changeActionMasks, defaultAction, ignoreAction, SignalActions } from './signal-action.js'
import { readSignalState } from './signal-state.js'
import { signalsIn } from './signals-in.js'
import { changeMasks, masksOf } from './thread-masks.js'

/**
 * Gives the program its actions and masks back, takes the stubs out and unmaps the areas. No int3 may be in the text any
 * more. Also for what a killed tracer left, in whatever state. @throws KernelError
 */
export function removeSignals(target: TargetProcess, core: CoreArea, stubs: readonly InstalledArea[]): UninstallResult {
  target.forgetRestorers()
  const areas = [...stubs, core.area]
  let heldNs = 0n
  const given = insist(() =>
    settleHandlers(target, core, (held, stacks) => {
      const refusal = giveBack(target, core, stubs, held, stacks)
      held.release()
      heldNs = held.heldNs()
      return refusal
    }),
  )
  if (isRefusal(given)) return { heldNs, remaining: leftBy(given) }
  const inside = insist(() => waitUntilEmpty(target, core, stubs))
  if (isRefusal(inside)) return { heldNs, remaining: leftBy(inside) }
  const unmapped = removeAreas(target, areas)
  target.forgetRestorers()
  return { heldNs, remaining: isRefusal(unmapped) ? [unmapped.because] : [] }
}

/** Nothing is left in a process that has ended. */
function leftBy({ code, because }: Refusal): readonly string[] {
  return code === 'target-gone' ? [] : [because]
}

/** The reverse of taking over: masks, actions, stubs, and then the threads that are in them. */
function giveBack(
  target: TargetProcess,
  core: CoreArea,
  stubs: readonly InstalledArea[],
  held: StoppedTarget,
  stacks: StackScanner,
): Refusal | undefined {
  const { door, memory } = target
  const { virtual } = core
  const edits = editSetOf(stubs)
  const planted = stillPlanted(memory, publishedTraps(memory, core))
  if (planted !== undefined) return planted
  if (core.isLive(memory)) changeMasks(masksOf(door, memory, stacks, held.threads), (mask) => givenBack(mask, virtual))
  const actions = giveActionsBack(target, core, held)
  if (isRefusal(actions)) return actions
  changeMasks(masksOf(door, memory, stacks, held.threads), (mask) => withStandInsShown(mask, virtual))
  const { unexpected } = applyPatch(memory, preparePatch(memory, edits.edits, 'remove'))
  const foreign = unexpected.find(({ site, before }) => !memory.tryRead(site, before.length).equals(before))
  if (foreign !== undefined)
    return refuse(
      'text-changed',
      'a jump in front of a system call was changed by somebody else; the areas stay mapped',
    )
  leaveAreas(target, core, stubs, held, stacks)
  return undefined
}

function giveActionsBack(target: TargetProcess, core: CoreArea, { threads }: StoppedTarget): Refusal | undefined {
  const { door, pid, memory, entry } = target
  const { virtual, places } = core
  const thread = threads.find(({ tid }) => tid === target.tid)
  if (thread === undefined) return refuse('target-gone', `process ${pid} has ended`)
  const state = readSignalState(door, pid, thread.tid)
  if (state === undefined) return refuse('target-gone', `process ${pid} has ended`)
  const others = signalsIn(state.caught & ~(residentMask | maskOf(takenSignals(virtual))))
  const remote = { door, pid, memory, entry, maps: target.maps(), filtered: target.isFiltered(thread.tid) }
  return withRemoteCalls(remote, thread, [], (caller, scratch) => {
    const actions = new SignalActions(caller, memory, scratch)
    if (core.isLive(memory)) {
      changeActionMasks(actions, others, (mask) => givenBack(mask, virtual))
      for (const signal of residentSignals) {
        if (actions.get(signal).handler !== core.at(places.handler)) continue
        const action = actions.get(signal + virtual.action)
        actions.set(signal, { ...action, mask: toProgram(action.mask, virtual) })
      }
      core.setLive(memory, false)
    }
    changeActionMasks(actions, others, (mask) => withStandInsShown(mask, virtual))
    // A stand-in that is pending would end the program by its default action: ignoring it first takes it away.
    for (const signal of shifted(virtual.standIn)) actions.set(signal, ignoreAction)
    for (const signal of takenSignals(virtual)) actions.set(signal, defaultAction)
    return undefined
  })
}

/** @returns how many instruction pointers are still in an area. */
function leaveAreas(
  target: TargetProcess,
  core: CoreArea,
  stubs: readonly InstalledArea[],
  { threads }: StoppedTarget,
  stacks: StackScanner,
): number {
  const { door, memory } = target
  const moving = { door, memory, stacks }
  let inside = 0
  for (const state of statesOf(moving, threads)) {
    if (core.canLeave(state.resumesAt)) core.leave(memory, state)
    else if (core.holds(state.resumesAt)) inside++
  }
  return inside + moveOutOfTrampolines(moving, threads, editSetOf(stubs))
}

function waitUntilEmpty(target: TargetProcess, core: CoreArea, stubs: readonly InstalledArea[]): Refusal | undefined {
  const empty = stopUntil(target, (held, stacks) =>
    leaveAreas(target, core, stubs, held, stacks) === 0 ? 'empty' : undefined,
  )
  if (empty !== undefined) return isRefusal(empty) ? empty : undefined
  const ranges = [...stubs, core.area].map(describeRange).join(', ')
  return refuse(
    'busy',
    `threads still stand in the areas at ${ranges}: they stay mapped, harmless; run ring3 clean later`,
  )
}
