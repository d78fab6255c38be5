import { address, hex } from '../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { addAreas, type DataImage, prepareAreas } from './area.js'
import type { PlacedEdit } from './edit-set.js'
import { findSharer, sharesMemory } from './inspect.js'
import { type AreaImage, editSetOf, type Installation, installedArea } from './installation.js'
import { applyPatch, endOf, preparePatch } from './patch.js'
import type { TargetProcess } from './target-process.js'
import { moveIntoTrampolines } from './thread-moves.js'
import { type StoppedTarget, stopTarget } from './threads.js'
import { type TableUse, uninstall } from './uninstall.js'

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
  readonly use: TableUse
}

/**
 * Adds the areas and writes all windows, under one stop. When it refuses or throws, the target is as it was, or what is
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
  const planting = new Planting(target, areas, data, check, tables)
  try {
    return planting.carryOut()
  } catch (error) {
    if (planting.hasAreas) uninstall(target, planting.installation, undefined, tables?.use)
    throw error
  }
}

class Planting {
  readonly installation: Installation
  /** From here on there is something to take out. */
  hasAreas = false

  constructor(
    private readonly target: TargetProcess,
    private readonly areas: readonly AreaImage[],
    private readonly data: DataImage | undefined,
    private readonly check: InstallCheck,
    private readonly tables: TablePublisher | undefined,
  ) {
    this.installation = { areas: areas.map(installedArea), data }
  }

  carryOut(): InstallResult | Refusal {
    const { target, areas, data, installation } = this
    const { door, pid, memory } = target
    const edits = editSetOf(installation.areas)
    const stacks = target.stackScanner()
    const prepared = preparePatch(memory, edits.edits, 'install')
    const ready = prepareAreas(target, areas, data)
    const suspect = findSharer(door, pid)
    const stop = stopTarget(door, pid, { caller: ready.caller })
    if (isRefusal(stop)) return stop
    using held = stop
    const objection = this.objection(held, suspect) ?? addAreas(ready, held)
    if (objection !== undefined) return objection
    this.hasAreas = true
    this.tables?.publish()
    const stuck = moveIntoTrampolines({ door, memory, stacks }, held.threads, edits)
    const occupied = edits.edits.filter((edit) => stuck.some((rip) => rip > edit.site && rip < endOf(edit)))
    const { unexpected } = applyPatch(memory, prepared, new Set(occupied))
    held.release()
    const leftOut = [...occupied.map(threadInside), ...unexpected.map(textChanged)]
    return { leftOut, installation: without(installation, leftOut), heldNs: held.heldNs() }
  }

  /** What speaks against it and is known in the stop only. */
  private objection(held: StoppedTarget, suspect: number | undefined): Refusal | undefined {
    const { target, check } = this
    const { door, pid } = target
    if (!target.hasSameMemory()) return refuse('target-gone', `process ${pid} has ended or called exec`)
    const sharer = suspect === undefined ? undefined : findSharer(door, pid)
    if (sharer !== undefined) return sharesMemory(pid, sharer)
    const odd = check.threadPointers ? threadWithoutPointer(target, held) : undefined
    if (odd === undefined) return undefined
    return refuse('no-thread-pointer', `thread ${odd} of process ${pid} has no thread pointer at %fs:0`)
  }
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
      `the bytes at ${hex(edit.site)} are not those of the file: they have been patched by the program, by another tool, or for another probe of this session`,
    ),
  }
}
