import { type Address, offsetBy, vaddr } from '../bytes/address.js'
import { bytesAt } from '../elf/elf-image.js'
import { parseElf } from '../elf/parse-elf.js'
import { identify, readFile } from '../kernel/files.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import { removeAreas } from './area.js'
import { isInDeadStack } from './dead-stack.js'
import type { PlacedEdit } from './edit-set.js'
import { eraseIntent } from './erase-intent.js'
import { findManifests } from './find-manifests.js'
import type { AddedRange, Installation, InstalledArea } from './installation.js'
import { findIntent, type Intent } from './intent.js'
import type { FoundManifest, Manifest } from './manifest.js'
import type { Mapping } from './memory-map.js'
import { isOwnerAlive } from './owner.js'
import { isOrphan, isWipedOnFork } from './ownership.js'
import { remoteCallStub } from './remote-call.js'
import { CoreArea } from './signals/core-area.js'
import { removeSignals } from './signals/remove.js'
import { useOfAllTables } from './signals/table-use.js'
import type { TargetProcess } from './target-process.js'
import { stopTarget } from './threads.js'
import { uncoverStub } from './uncover-stub.js'
import { type UninstallResult, uninstall } from './uninstall.js'

/** What ring3 has in a process, by what the process's own memory says. */
export interface FoundAreas {
  readonly areas: readonly InstalledArea[]
  readonly data: readonly AddedRange[]
  /** A living ring3 process that they belong to. */
  readonly owner: number | undefined
  /** A remote call was cut short: what was about to be mapped, and the bytes that the stub covers. */
  readonly intent: { readonly at: Address; readonly intent: Intent } | undefined
  /** The stub of a remote call stands at the entry point. */
  readonly strayStub: boolean
  readonly nothing: boolean
}

export function findAreas(target: TargetProcess): FoundAreas {
  const maps = target.maps()
  const intent = intentIn(target, maps)
  const manifests = findManifests(target, maps).filter((found) => leadsSomewhere(found, intent?.intent))
  const areas = manifests.map(({ start, manifest }) => installed(start, manifest))
  const named = distinct(manifests.map(({ manifest }) => dataOf(manifest)))
  const data = named.filter((range) => range.backing === 'padding' || isWipedOnFork(target, range))
  const owners = manifests.map(({ manifest }) => ({ pid: manifest.ownerPid, startTime: manifest.ownerStart }))
  if (intent !== undefined) owners.push(intent.intent.owner)
  const owner = owners.find((each) => isOwnerAlive(target.door, each))?.pid
  const strayStub = target.memory.tryRead(target.entry, remoteCallStub.length).equals(remoteCallStub)
  const nothing = areas.length === 0 && intent === undefined && !strayStub
  return { areas, data, owner, intent, strayStub, nothing }
}

/** A mapping without edits, other than the core of virtual signals, is only there while its tracer is at work, or was killed at that. */
function leadsSomewhere({ start, manifest }: FoundManifest, intent: Intent | undefined): boolean {
  if (manifest.edits.length > 0 || manifest.backing === 'padding' || manifest.signals !== undefined) return true
  return intent?.ranges.some((range) => range.start === start && range.size === manifest.codeSize) === true
}

function dataOf({ dataAddress, dataSize, backing }: Manifest): AddedRange {
  return { start: dataAddress, size: dataSize, backing }
}

function installed(start: Address, manifest: Manifest): InstalledArea {
  const edits: PlacedEdit[] = manifest.edits.map((edit) => ({
    ...edit,
    trampoline: offsetBy(start, edit.trampolineStart),
  }))
  const { codeSize, backing, signals } = manifest
  return { start, size: codeSize, backing, edits, ...(signals === undefined ? {} : { signals }) }
}

function intentIn(target: TargetProcess, maps: readonly Mapping[]): FoundAreas['intent'] {
  const stack = maps.find(({ path }) => path === '[stack]')
  if (stack === undefined) return undefined
  const found = findIntent(target.memory.tryRead(stack.start, Number(stack.end - stack.start)))
  if (found === undefined) return undefined
  const at = offsetBy(stack.start, found.offset)
  return mayBeIntent(target, at) ? { at, intent: found.intent } : undefined
}

/** What cannot be stopped, such as a thread that a living ring3 holds, cannot be looked at: then it may be. */
function mayBeIntent(target: TargetProcess, at: Address): boolean {
  const stop = stopTarget(target.door, target.pid, { only: target.tid })
  if (isRefusal(stop)) return true
  using held = stop
  return isInDeadStack(target, held.threads, at)
}

export interface CleanResult {
  readonly areas: number
  readonly edits: number
  /** A remote call that was cut short has been undone. */
  readonly interruptedCall: boolean
  readonly heldNs: bigint
  readonly remaining: readonly string[]
}

/** Takes out everything that was found. @throws KernelError */
export function clean(target: TargetProcess, found: FoundAreas): CleanResult {
  const interruptedCall = found.strayStub || found.intent !== undefined
  const edits = found.areas.reduce((sum, area) => sum + area.edits.length, 0)
  const result = { areas: found.areas.length, edits, interruptedCall }
  const kept = found.strayStub ? restoreStub(target, found) : undefined
  if (isRefusal(kept)) return { ...result, heldNs: 0n, remaining: [kept.because] }
  const [first, ...others] = found.data
  const { probes, core, stubs } = bySignals(found.areas)
  const installation: Installation = { areas: probes, data: first }
  const tables = core === undefined ? undefined : useOfAllTables(target, core)
  const { heldNs, remaining } = uninstall(target, installation, undefined, tables)
  if (remaining.length > 0) return { ...result, heldNs, remaining }
  const signals = core === undefined ? removeOrphanStubs(target, stubs) : removeSignals(target, core, stubs)
  if (signals.remaining.length > 0) return { ...result, heldNs, remaining: signals.remaining }
  const orphans = [...others, ...orphanRanges(target, found)]
  const removed = orphans.length > 0 ? removeAreas(target, orphans) : undefined
  if (isRefusal(removed)) return { ...result, heldNs, remaining: [removed.because] }
  const erased = found.intent === undefined ? undefined : eraseIntent(target, found.intent.at)
  if (isRefusal(erased)) return { ...result, heldNs, remaining: [erased.because] }
  return { ...result, areas: result.areas + orphans.length, heldNs, remaining }
}

interface BySignals {
  readonly probes: readonly InstalledArea[]
  readonly core: CoreArea | undefined
  readonly stubs: readonly InstalledArea[]
}

/** What keeps the program's signals virtual comes out last: until then, an int3 may be hit. */
function bySignals(areas: readonly InstalledArea[]): BySignals {
  const [core] = areas.flatMap((area) => CoreArea.of(area) ?? [])
  const probes = areas.filter(({ signals }) => signals === undefined)
  return { probes, core, stubs: areas.filter(({ signals }) => signals?.kind === 'stubs') }
}

/** Stubs without a core are not in use: either not yet, or not any more. */
function removeOrphanStubs(target: TargetProcess, stubs: readonly InstalledArea[]): UninstallResult {
  return uninstall(target, { areas: stubs, data: undefined })
}

function restoreStub(target: TargetProcess, { intent }: FoundAreas): Refusal | undefined {
  const original = intent?.intent.covered ?? entryBytesOfFile(target)
  return original === undefined ? undefined : uncoverStub(target, original)
}

/** The bytes at the entry point as the executable's file has them. */
function entryBytesOfFile(target: TargetProcess): Uint8Array | undefined {
  const path = `/proc/${target.pid}/exe`
  const identity = identify(target.door, path)
  if (identity === undefined) return undefined
  const image = parseElf(readFile(target.door, path, identity.size))
  return isRefusal(image) ? undefined : bytesAt(image, vaddr(image.header.entry), remoteCallStub.length)
}

/** Ranges that an interrupted tracer has mapped without getting to write a manifest, as far as they are provably its. */
function orphanRanges(target: TargetProcess, { intent }: FoundAreas): AddedRange[] {
  const announced = intent?.intent.ranges ?? []
  return announced.filter((range) => isOrphan(target, range)).map((range) => ({ ...range, backing: 'mapped' }))
}

function distinct(ranges: readonly AddedRange[]): AddedRange[] {
  return [...new Map(ranges.map((range) => [range.start, range])).values()]
}
