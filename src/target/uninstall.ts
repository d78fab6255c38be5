import { hex } from '../bytes/address.js'
import { EFAULT, EIO, ESRCH } from '../kernel/errno.js'
import { insist } from '../kernel/insist.js'
import { KernelError } from '../kernel/kernel-error.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { describeRange, removeAreas } from './area.js'
import type { EditSet, PlacedEdit } from './edit-set.js'
import { type AddedRange, editSetOf, type Installation } from './installation.js'
import { hasManifest, MANIFEST_MAGIC } from './manifest.js'
import type { Memory } from './memory.js'
import { applyPatch, preparePatch } from './patch.js'
import type { StackScanner } from './signal-stacks.js'
import { pauseAfter, ROUNDS } from './stop-rounds.js'
import type { TargetProcess } from './target-process.js'
import { moveOutOfTrampolines } from './thread-moves.js'
import { letRun, type StoppedTarget, stopTarget } from './threads.js'

/** How often a target that does not stop is tried again: leaving matters more than time. */
const STOP_TRIES = 5

export interface UninstallResult {
  readonly heldNs: bigint
  /** Sentences about what could not be taken out. Empty: the target is as it was. */
  readonly remaining: readonly string[]
}

/**
 * Puts back every window, brings every thread back to the program's own code, and unmaps the areas. Areas that the process
 * no longer has (it called exec) are passed over. `beforeUnmap` runs when nothing counts any more, to read what is there.
 * `tables` are those in the areas that signal handlers read.
 * @throws KernelError
 */
export function uninstall(
  target: TargetProcess,
  installation: Installation,
  beforeUnmap: () => void = () => {},
  tables?: TableUse,
): UninstallResult {
  if (!isStillThere(target)) return { heldNs: 0n, remaining: [] }
  const areas = installation.areas.filter((area) => twice(() => isThere(target, area)))
  if (areas.length < installation.areas.length && areas.length === 0) return { heldNs: 0n, remaining: [] }
  const restored = insist(() => restoreText(target, editSetOf(areas), tables))
  if (isRefusal(restored) && restored.code === 'target-gone') return { heldNs: 0n, remaining: [] }
  if (isRefusal(restored)) return { heldNs: 0n, remaining: [restored.because] }
  const ranges: AddedRange[] = [...(installation.data === undefined ? [] : [installation.data]), ...areas]
  // Whoever changed the bytes over our jump may have kept the jump, and go through our area.
  if (restored.remaining.length > 0) return { heldNs: restored.heldNs, remaining: restored.remaining }
  if (restored.inside > 0) return { heldNs: restored.heldNs, remaining: [keptMapped(restored.inside, areas)] }
  beforeUnmap()
  const unmapped = removeAreas(target, ranges)
  if (isRefusal(unmapped)) return { heldNs: restored.heldNs, remaining: [unmapped.because] }
  return { heldNs: restored.heldNs + unmapped.heldNs, remaining: [] }
}

/** Who else may lead threads into areas, or read there. */
export interface TableUse {
  /** Asked in a stop in which no thread is in the areas: ends the use, or says that it cannot be ended yet. @throws KernelError */
  end(held: StoppedTarget, stacks: StackScanner): boolean
  /**
   * Threads that are in a handler, or will be as soon as they go on: it decides by where the signal came from, so that they
   * must not be moved. @throws KernelError
   */
  handling(held: StoppedTarget, stacks: StackScanner): ReadonlySet<number>
}

/** Absent only if the kernel says that nothing is mapped there. @throws KernelError for any other doubt. */
function isThere(target: TargetProcess, { start }: AddedRange): boolean {
  try {
    return hasManifest(target.memory.read(start, MANIFEST_MAGIC.length))
  } catch (error) {
    if (error instanceof KernelError && (error.errno === EIO || error.errno === EFAULT || error.errno === ESRCH))
      return false
    throw error
  }
}

/** Asks again before it believes that there is nothing to take out. */
function twice(question: () => boolean): boolean {
  return question() || question()
}

interface Restored {
  readonly heldNs: bigint
  readonly remaining: readonly string[]
  /** Instruction pointers still in an area after all patience. */
  readonly inside: number
}

function restoreText(target: TargetProcess, edits: EditSet, tables: TableUse | undefined): Restored | Refusal {
  let heldNs = 0n
  let remaining: readonly string[] = []
  for (let round = 0; ; round++) {
    const once = restoreOnce(target, edits, tables, round === 0)
    if (isRefusal(once)) {
      if (round >= STOP_TRIES || !mayBeTriedAgain(target, once)) return once
      continue
    }
    heldNs += once.heldNs
    if (once.remaining !== undefined) remaining = once.remaining
    if (once.inside === 0 || round >= ROUNDS) return { heldNs, remaining, inside: once.inside }
    letRun(target.door, target.pid, pauseAfter(round))
  }
}

/** A target that is said to be gone is asked once more. */
function mayBeTriedAgain(target: TargetProcess, { code }: Refusal): boolean {
  return code === 'does-not-stop' || (code === 'target-gone' && isStillThere(target))
}

function isStillThere(target: TargetProcess): boolean {
  return twice(() => insist(() => target.fate() === 'lives'))
}

interface RestoredOnce {
  readonly heldNs: bigint
  readonly remaining: readonly string[] | undefined
  readonly inside: number
}

function restoreOnce(
  target: TargetProcess,
  edits: EditSet,
  tables: TableUse | undefined,
  first: boolean,
): RestoredOnce | Refusal {
  const { door, memory } = target
  const stacks = target.stackScanner()
  const prepared = preparePatch(memory, edits.edits, 'remove')
  const stop = stopTarget(door, target.pid)
  if (isRefusal(stop)) return stop
  using held = stop
  if (!target.hasSameMemory()) return refuse('target-gone', `process ${target.pid} has ended or called exec`)
  const { unexpected } = applyPatch(memory, prepared)
  const handling = tables?.handling(held, stacks) ?? new Set()
  const movable = held.threads.filter(({ tid }) => !handling.has(tid))
  const standing = handling.size + moveOutOfTrampolines({ door, memory, stacks }, movable, edits)
  // A handler that still runs may send its thread into the areas.
  const inside = standing === 0 && tables?.end(held, stacks) === false ? 1 : standing
  held.release()
  const heldNs = held.heldNs()
  const remaining = first ? unexpected.filter((edit) => isForeign(memory, edit)).map(notOurs) : undefined
  return { heldNs, remaining, inside }
}

/** Bytes that are neither ours nor the program's. A module that was unloaded meanwhile has none. */
function isForeign(memory: Memory, edit: PlacedEdit): boolean {
  const bytes = memory.tryRead(edit.site, edit.before.length)
  return bytes.length === edit.before.length && !bytes.equals(edit.before)
}

function notOurs(edit: PlacedEdit): string {
  return `the bytes at ${hex(edit.site)} were changed by somebody else and have been left alone; the areas stay mapped`
}

function keptMapped(inside: number, areas: readonly AddedRange[]): string {
  return `${inside} thread(s) still stand in the area at ${areas.map(describeRange).join(', ')}: it stays mapped, harmless; run ring3 clean later`
}
