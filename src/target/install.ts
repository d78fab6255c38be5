import { address, hex } from '../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { addAreas, type DataImage, describeRange, removeAreas } from './area.js'
import type { PlacedEdit } from './edit-set.js'
import { findSharer, sharesMemory } from './inspect.js'
import { type AreaImage, editSetOf, type Installation, installedArea } from './installation.js'
import { applyPatch, endOf, preparePatch } from './patch.js'
import type { TargetProcess } from './target-process.js'
import { moveIntoTrampolines } from './thread-moves.js'
import { type StoppedTarget, stopTarget } from './threads.js'
import { type TableUse, uninstall } from './uninstall.js'

/** The thread that is needed for the calls may be in vfork: each try waits a second for it. */
const WITHDRAW_TRIES = 3

/** An edit that was left out at the last moment. */
export interface LeftOut {
  readonly edit: PlacedEdit
  readonly refusal: Refusal
}

export interface InstallResult {
  readonly installation: Installation
  readonly leftOut: readonly LeftOut[]
  readonly heldNs: bigint
}

/** What must be true of every thread before the code may run. */
export interface InstallCheck {
  /** Counters find their thread by `%fs:0`, which must hold its own address (System V ABI, x86-64 TLS variant II). */
  readonly threadPointers: boolean
}

/** Tables in the areas that signal handlers are to read before the first window is written. */
export interface TablePublisher {
  publish(): void
  /** No window was written, so that nobody needs them. */
  hide(): void
  readonly use: TableUse
}

/**
 * Adds the areas, then writes all windows under one stop. When it refuses or throws, the target is as it was, or what is
 * left is named in the error.
 * @throws KernelError
 */
export function install(
  target: TargetProcess,
  areas: readonly AreaImage[],
  data: DataImage | undefined,
  check: InstallCheck,
  tables?: TablePublisher,
): InstallResult | Refusal {
  const mapped = addAreas(target, areas, data)
  if (isRefusal(mapped)) return mapped
  const installation: Installation = { areas: areas.map(installedArea), data }
  try {
    tables?.publish()
    const written = writeWindows(target, installation, check)
    if (isRefusal(written)) {
      tables?.hide()
      return withdraw(target, installation, written)
    }
    const heldNs = written.heldNs + mapped.heldNs
    return { leftOut: written.leftOut, installation: without(installation, written.leftOut), heldNs }
  } catch (error) {
    uninstall(target, installation, undefined, tables?.use)
    throw error
  }
}

/** Nothing leads into the areas yet: they can go without another stop of all threads. */
function withdraw(target: TargetProcess, { areas, data }: Installation, refusal: Refusal): Refusal {
  const ranges = [...(data === undefined ? [] : [data]), ...areas]
  for (let tries = 1; tries <= WITHDRAW_TRIES; tries++) {
    const unmapped = removeAreas(target, ranges)
    if (!isRefusal(unmapped)) return refusal
  }
  const left = `; areas that nothing uses are still mapped at ${ranges.map(describeRange).join(', ')}: run ring3 clean ${target.pid}`
  return refuse(refusal.code, refusal.because + left)
}

function writeWindows(
  target: TargetProcess,
  installation: Installation,
  check: InstallCheck,
): { readonly leftOut: readonly LeftOut[]; readonly heldNs: bigint } | Refusal {
  const edits = editSetOf(installation.areas)
  const { door, memory } = target
  const stacks = target.stackScanner()
  const prepared = preparePatch(memory, edits.edits, 'install')
  const suspect = findSharer(door, target.pid)
  const stop = stopTarget(door, target.pid)
  if (isRefusal(stop)) return stop
  using held = stop
  if (!target.hasSameMemory()) return refuse('target-gone', `process ${target.pid} has ended or called exec`)
  const sharer = suspect === undefined ? undefined : findSharer(door, target.pid)
  if (sharer !== undefined) return sharesMemory(target.pid, sharer)
  const odd = check.threadPointers ? threadWithoutPointer(target, held) : undefined
  if (odd !== undefined)
    return refuse('no-thread-pointer', `thread ${odd} of process ${target.pid} has no thread pointer at %fs:0`)
  const stuck = moveIntoTrampolines({ door, memory, stacks }, held.threads, edits)
  const occupied = edits.edits.filter((edit) => stuck.some((rip) => rip > edit.site && rip < endOf(edit)))
  const { unexpected } = applyPatch(memory, prepared, new Set(occupied))
  held.release()
  const heldNs = held.heldNs()
  const leftOut = [...occupied.map(threadInside), ...unexpected.map(textChanged)]
  return { leftOut, heldNs }
}

/** Edits that were never made are not to be looked for when leaving. */
function without(installation: Installation, leftOut: readonly LeftOut[]): Installation {
  const omitted = new Set(leftOut.map(({ edit }) => edit.site))
  const areas = installation.areas.map((area) => ({
    ...area,
    edits: area.edits.filter(({ site }) => !omitted.has(site)),
  }))
  return { ...installation, areas }
}

function threadWithoutPointer(target: TargetProcess, { threads }: StoppedTarget): number | undefined {
  const bases = threads.map(({ registers }) => address(registers.get('fs_base')))
  const words = target.memory.readMany(bases.map((start) => ({ start, size: 8 })))
  const odd = bases.findIndex((base, index) => {
    const word = words[index]
    return base === 0n || word === undefined || word.length < 8 || word.readBigUInt64LE(0) !== base
  })
  return threads[odd]?.tid
}

function threadInside(edit: PlacedEdit): LeftOut {
  return { edit, refusal: refuse('busy', `a thread stood inside the window at ${hex(edit.site)}`) }
}

function textChanged(edit: PlacedEdit): LeftOut {
  return {
    edit,
    refusal: refuse(
      'text-changed',
      `the bytes at ${hex(edit.site)} are not those of the file: they have been patched by the program or another tool`,
    ),
  }
}
