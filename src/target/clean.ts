import { type Address, offsetBy, PAGE_SIZE, vaddr } from '../bytes/address.js'
import { bytesAt } from '../elf/elf-image.js'
import { parseElf } from '../elf/parse-elf.js'
import { identify, readFile } from '../kernel/files.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import { removeAreas } from './area.js'
import type { PlacedEdit } from './edit-set.js'
import type { AddedRange, Installation, InstalledArea } from './installation.js'
import { findIntent, INTENT_ROOM, type Intent } from './intent.js'
import { decodeManifest, HEADER_SIZE, hasManifest, MANIFEST_MAGIC, type Manifest } from './manifest.js'
import { type Mapping, mappingAt } from './memory-map.js'
import { isOwnerAlive } from './owner.js'
import { isOrphan, isWipedOnFork } from './ownership.js'
import { remoteCallStub } from './remote-call.js'
import { CoreArea } from './signals/core-area.js'
import { removeSignals } from './signals/remove.js'
import { useOfAllTables } from './signals/table-use.js'
import type { TargetProcess } from './target-process.js'
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
  const manifests = [
    ...maps.filter(mayBeArea).flatMap((mapping) => manifestsIn(target, mapping)),
    ...maps.filter(mayHoldPadding).flatMap((mapping) => manifestInPadding(target, mapping)),
  ]
  const areas = manifests.map(({ start, manifest }) => installed(start, manifest))
  const named = distinct(manifests.map(({ manifest }) => dataOf(manifest)))
  const data = named.filter((range) =>
    range.backing === 'padding' ? mayBePadding(maps, range) : isWipedOnFork(target, range),
  )
  const intent = intentIn(target, maps)
  const owners = manifests.map(({ manifest }) => ({ pid: manifest.ownerPid, startTime: manifest.ownerStart }))
  if (intent !== undefined) owners.push(intent.intent.owner)
  const owner = owners.find((each) => isOwnerAlive(target.door, each))?.pid
  const strayStub = target.memory.tryRead(target.entry, remoteCallStub.length).equals(remoteCallStub)
  const nothing = areas.length === 0 && intent === undefined && !strayStub
  return { areas, data, owner, intent, strayStub, nothing }
}

function mayBeArea(mapping: Mapping): boolean {
  return mapping.executable && !mapping.writable && !mapping.shared && mapping.path === '' && mapping.inode === 0n
}

function mayHoldPadding(mapping: Mapping): boolean {
  return mapping.executable && !mapping.shared && mapping.inode !== 0n
}

function dataOf({ dataAddress, dataSize, backing }: Manifest): AddedRange {
  return { start: dataAddress, size: dataSize, backing }
}

/** Padding lies within one page of writable memory: a manifest that says otherwise is not one of ours. */
function mayBePadding(maps: readonly Mapping[], { start, size }: AddedRange): boolean {
  const inPage = Number(start % BigInt(PAGE_SIZE))
  return size > 0 && inPage + size <= PAGE_SIZE && mappingAt(maps, start)?.writable === true
}

interface FoundManifest {
  readonly start: Address
  readonly manifest: Manifest
}

/** Areas that lie side by side are one mapping to the kernel. */
function manifestsIn(target: TargetProcess, mapping: Mapping): FoundManifest[] {
  const found: FoundManifest[] = []
  let at = mapping.start
  while (at < mapping.end && hasManifest(target.memory.tryRead(at, HEADER_SIZE))) {
    const manifest = decodeManifest(target.memory.tryRead(at, Number(mapping.end - at)))
    if (manifest === undefined || manifest.codeSize === 0) break
    found.push({ start: at, manifest })
    at = offsetBy(at, manifest.codeSize)
  }
  return found
}

/** An area in the unused end of a module's last page of code. */
function manifestInPadding(target: TargetProcess, mapping: Mapping): FoundManifest[] {
  const page = offsetBy(mapping.end, -PAGE_SIZE)
  const bytes = target.memory.tryRead(page, PAGE_SIZE)
  const at = bytes.indexOf(MANIFEST_MAGIC)
  const manifest = at < 0 ? undefined : decodeManifest(bytes.subarray(at))
  return manifest?.backing === 'padding' ? [{ start: offsetBy(page, at), manifest }] : []
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
  return found === undefined ? undefined : { at: offsetBy(stack.start, found.offset), intent: found.intent }
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
  if (found.intent !== undefined) target.memory.write(found.intent.at, Buffer.alloc(INTENT_ROOM))
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
