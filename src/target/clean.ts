import { type Address, offsetBy, PAGE_SIZE, vaddr } from '../bytes/address.js'
import { bytesAt } from '../elf/elf-image.js'
import { parseElf } from '../elf/parse-elf.js'
import { identify, readFile } from '../kernel/files.js'
import { isRefusal } from '../refusal/refusal.js'
import { removeAreas } from './area.js'
import type { PlacedEdit } from './edit-set.js'
import type { AddedRange, Installation, InstalledArea } from './installation.js'
import { findIntent, type Intent } from './intent.js'
import { decodeManifest, HEADER_SIZE, hasManifest, MANIFEST_MAGIC, type Manifest } from './manifest.js'
import type { Mapping } from './memory-map.js'
import { readStat } from './process-state.js'
import { remoteCallStub } from './remote-call.js'
import type { TargetProcess } from './target-process.js'
import { uninstall } from './uninstall.js'

/** What ring3 has in a process, by what the process's own memory says. */
export interface FoundAreas {
  readonly areas: readonly InstalledArea[]
  readonly data: readonly AddedRange[]
  /** A living ring3 process that they belong to. */
  readonly owner: number | undefined
  /** A remote call was cut short: what was about to be mapped, and the bytes that the stub covers. */
  readonly intent: { readonly at: Address; readonly intent: Intent } | undefined
  /** The stub stands at the entry point, and no intent says what was there. */
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
  const data = distinct(manifests.map(({ manifest }) => dataOf(manifest))).filter((range) => isMapped(maps, range))
  const owner = manifests.map(({ manifest }) => livingOwner(target, manifest)).find((pid) => pid !== undefined)
  const intent = intentIn(target, maps)
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

/** What a manifest names is believed only where there is writable private memory: the target may have written it. */
function isMapped(maps: readonly Mapping[], { start, size, backing }: AddedRange): boolean {
  const end = start + BigInt(size)
  return maps.some(
    (each) =>
      each.writable &&
      !each.shared &&
      each.start <= start &&
      end <= each.end &&
      (each.inode === 0n || backing === 'padding'),
  )
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
  return { start, size: manifest.codeSize, backing: manifest.backing, edits }
}

function livingOwner(target: TargetProcess, { ownerPid, ownerStart }: Manifest): number | undefined {
  const stat = readStat(target.door, `/proc/${ownerPid}/stat`)
  return stat !== undefined && stat.startTime === ownerStart && stat.state !== 'Z' ? ownerPid : undefined
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
  readonly heldNs: bigint
  readonly remaining: readonly string[]
}

/** Takes out everything that was found. @throws KernelError */
export function clean(target: TargetProcess, found: FoundAreas): CleanResult {
  restoreStub(target, found)
  const [first, ...others] = found.data
  const installation: Installation = { areas: found.areas, data: first }
  const { heldNs, remaining } = uninstall(target, installation, () => undefined)
  const orphans = [...others, ...orphanRanges(target, found)]
  if (remaining.length === 0 && orphans.length > 0) removeAreas(target, orphans)
  if (found.intent !== undefined) target.memory.write(found.intent.at, Buffer.alloc(8))
  const edits = found.areas.reduce((sum, area) => sum + area.edits.length, 0)
  return { areas: found.areas.length, edits, heldNs, remaining }
}

function restoreStub(target: TargetProcess, { intent, strayStub }: FoundAreas): void {
  if (!strayStub) return
  const original = intent?.intent.covered ?? entryBytesOfFile(target)
  if (original !== undefined) target.memory.write(target.entry, original)
}

/** The bytes at the entry point as the executable's file has them. */
function entryBytesOfFile(target: TargetProcess): Uint8Array | undefined {
  const path = `/proc/${target.pid}/exe`
  const identity = identify(target.door, path)
  if (identity === undefined) return undefined
  const image = parseElf(readFile(target.door, path, identity.size))
  return isRefusal(image) ? undefined : bytesAt(image, vaddr(image.header.entry), remoteCallStub.length)
}

/** Ranges that an interrupted tracer has mapped without getting to write a manifest: exactly as announced. */
function orphanRanges(target: TargetProcess, { intent }: FoundAreas): AddedRange[] {
  const maps = target.maps()
  return (intent?.intent.ranges ?? [])
    .filter(({ start, size }) =>
      maps.some(
        (each) => each.path === '' && each.inode === 0n && each.start <= start && start + BigInt(size) <= each.end,
      ),
    )
    .map((range) => ({ ...range, backing: 'mapped' }))
}

function distinct(ranges: readonly AddedRange[]): AddedRange[] {
  return [...new Map(ranges.map((range) => [range.start, range])).values()]
}
