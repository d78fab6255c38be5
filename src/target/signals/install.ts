import { type Address, hex } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import { RESIDENT_FLAGS, SA_RESTART } from '../../codegen/x64/signals/kernel-constants.js'
import {
  maskOf,
  residentMask,
  residentSignals,
  shifted,
  takenOver,
  takenSignals,
  toKernel,
  withoutStandIns,
  withStandInsShown,
} from '../../codegen/x64/signals/virtual-signals.js'
import { insist } from '../../kernel/insist.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import { addAreas, prepareAreas, removeAreas } from '../area.js'
import type { PlacedEdit } from '../edit-set.js'
import { findSharer, sharesMemory } from '../inspect.js'
import { editSetOf, type InstalledArea, installedArea } from '../installation.js'
import { applyPatch, type Patched, preparePatch } from '../patch.js'
import { listThreads } from '../process-state.js'
import { withRemoteCalls } from '../remote-session.js'
import type { TargetProcess } from '../target-process.js'
import { moveIntoTrampolines, moveOutOfTrampolines, statesOf } from '../thread-moves.js'
import { type StoppedTarget, stopTarget } from '../threads.js'
import { CoreArea } from './core-area.js'
import type { SignalPlan } from './plan.js'
import { removeSignals } from './remove.js'
import { ResidentSignals } from './resident-signals.js'
import { changeActionMasks, type SignalAction, SignalActions } from './signal-action.js'
import { readSignalState, readSignalStates } from './signal-state.js'
import { signalsIn } from './signals-in.js'
import { changeMasks, type HeldMask, masksOf } from './thread-masks.js'

/**
 * Makes the target's use of SIGTRAP, SIGBUS and SIGSEGV virtual. When it refuses or throws, the target is as it was, or
 * `ring3 clean` finds what is left.
 * @throws KernelError
 */
export function installSignals(target: TargetProcess, plan: SignalPlan): ResidentSignals | Refusal {
  const filtered = listThreads(target.door, target.pid).some((tid) => target.isFiltered(tid))
  if (filtered)
    return refuse(
      'seccomp',
      `process ${target.pid} is under a seccomp filter, which may forbid what signal handlers need`,
    )
  const taking = new TakeOver(target, plan)
  try {
    const done = taking.carryOut()
    if (!isRefusal(done)) return new ResidentSignals(target, taking.core, taking.stubs, done.heldNs)
    const left = taking.hasAreas ? insist(() => removeAreas(target, [...taking.stubs, taking.core.area])) : undefined
    return isRefusal(left) ? refuse(done.code, `${done.because}; ${left.because}`) : done
  } catch (error) {
    if (taking.hasAreas) removeSignals(target, taking.core, taking.stubs)
    throw error
  }
}

/**
 * In an order in which every state runs by itself: stubs that change nothing yet, the program's actions where the stubs look
 * for them, the stubs at work, the resident handlers, and last the masks.
 */
class TakeOver {
  readonly core: CoreArea
  readonly stubs: readonly InstalledArea[]
  /** From here on there is something to take out. */
  hasAreas = false

  constructor(
    private readonly target: TargetProcess,
    private readonly plan: SignalPlan,
  ) {
    const core = CoreArea.of(installedArea(plan.core))
    assert(core !== undefined, 'the plan has a core')
    this.core = core
    this.stubs = plan.stubs.map(installedArea)
  }

  carryOut(): { readonly heldNs: bigint } | Refusal {
    const { target, plan } = this
    const { door, memory, pid } = target
    const edits = editSetOf(this.stubs)
    const stacks = target.stackScanner()
    const prepared = preparePatch(memory, edits.edits, 'install')
    const areas = prepareAreas(target, [...plan.stubs, plan.core], undefined)
    const stop = stopTarget(door, pid, { caller: areas.caller })
    if (isRefusal(stop)) return stop
    using held = stop
    if (!target.hasSameMemory()) return refuse('target-gone', `process ${pid} has ended or called exec`)
    const sharer = findSharer(door, pid)
    if (sharer !== undefined) return sharesMemory(pid, sharer)
    const masks = masksOf(door, memory, stacks, held.threads)
    const objection = unsuitable(target, plan, masks) ?? addAreas(areas, held)
    if (objection !== undefined) return objection
    this.hasAreas = true
    target.forgetRestorers()
    const moving = { door, memory, stacks }
    const [stuck] = moveIntoTrampolines(moving, held.threads, edits)
    moveToStubs(moving, held, plan)
    changeMasks(masks, (mask) => withoutStandIns(mask, plan.virtual))
    const { done, unexpected } = stuck === undefined ? applyPatch(memory, prepared) : nothingWritten
    const refusal =
      stuck !== undefined ? occupied(stuck) : (textChanged(unexpected) ?? setActions(target, held, plan, this.core))
    if (refusal !== undefined) {
      applyPatch(memory, preparePatch(memory, done, 'remove'))
      moveOutOfTrampolines(moving, held.threads, edits)
      for (const each of masks) each.set(each.mask)
      return refusal
    }
    changeMasks(masks, (mask) => takenOver(mask, plan.virtual))
    held.release()
    return { heldNs: held.heldNs() }
  }
}

const nothingWritten: Patched<PlacedEdit> = { done: [], unexpected: [] }

function occupied(rip: Address): Refusal {
  return refuse('busy', `a thread stands inside a window, at ${hex(rip)}`)
}

function textChanged([first]: readonly PlacedEdit[]): Refusal | undefined {
  if (first === undefined) return undefined
  return refuse('sigtrap-blockable', `the system call near ${hex(first.site)} is not as the module’s file has it`)
}

/** The stand-ins were chosen before the stop. */
function unsuitable(target: TargetProcess, { virtual }: SignalPlan, masks: readonly HeldMask[]): Refusal | undefined {
  const taken = maskOf([...takenSignals(virtual), virtual.witness])
  const used = readSignalStates(target.door, target.pid).some(
    ({ caught, ignored }) => ((caught | ignored) & taken) !== 0n,
  )
  const apart = masks.some(({ mask }) => mask !== withStandInsShown(mask, virtual))
  return used || apart ? standInsUsed(target.pid) : undefined
}

function standInsUsed(pid: number): Refusal {
  return refuse('sigtrap-blockable', `process ${pid} uses the real-time signals that would stand in for SIGTRAP`)
}

/** Threads that are about to make an interposed call, or will make it again: it must not take effect as it is. */
function moveToStubs(
  moving: Parameters<typeof statesOf>[0],
  { threads }: StoppedTarget,
  { interposed }: SignalPlan,
): void {
  const stubs = new Map<Address, Address>(interposed.map(({ syscall, stub }) => [syscall, stub]))
  for (const state of statesOf(moving, threads)) {
    const stub = stubs.get(state.resumesAt)
    if (stub === undefined) continue
    state.moveTo(stub)
    state.commit()
  }
}

function setActions(
  target: TargetProcess,
  { threads }: StoppedTarget,
  { virtual, places }: SignalPlan,
  core: CoreArea,
): Refusal | undefined {
  const { door, pid, memory, entry } = target
  const thread = threads.find(({ tid }) => tid === target.tid)
  if (thread === undefined) return refuse('target-gone', `process ${pid} has ended`)
  const state = readSignalState(door, pid, thread.tid)
  if (state === undefined) return refuse('target-gone', `process ${pid} has ended`)
  const others = signalsIn(state.caught & ~residentMask)
  const remote = { door, pid, memory, entry, maps: target.maps(), filtered: false }
  return withRemoteCalls(remote, thread, [], (caller, scratch) => {
    const actions = new SignalActions(caller, memory, scratch)
    const masks = others.map((signal) => actions.get(signal).mask)
    if (masks.some((mask) => mask !== withStandInsShown(mask, virtual))) return standInsUsed(pid)
    const known = residentSignals.map((signal) => ({ signal, action: actions.get(signal) }))
    for (const { signal, action } of known)
      actions.set(signal + virtual.action, { ...action, mask: toKernel(action.mask, virtual) })
    changeActionMasks(actions, others, (mask) => withoutStandIns(mask, virtual))
    core.setLive(memory, true)
    const resident = {
      handler: core.at(places.handler),
      restorer: core.at(places.restorer),
      flags: BigInt(RESIDENT_FLAGS),
      mask: 0n,
    }
    for (const { signal, action } of known)
      actions.set(signal, { ...resident, flags: resident.flags | restart(action) })
    for (const signal of shifted(virtual.standIn)) actions.set(signal, { ...resident, flags: resident.flags | ALWAYS })
    changeActionMasks(actions, others, (mask) => takenOver(mask, virtual))
    return undefined
  })
}

const ALWAYS = BigInt(SA_RESTART)

/** Calls are interrupted by an asynchronous signal as the program's handler wants it. */
function restart({ handler, flags }: SignalAction): bigint {
  return handler > 1n ? flags & ALWAYS : ALWAYS
}
