import { type Address, address, distance, hex, offsetBy } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import { encodeTable } from '../codegen/x64/signals/resident-code.js'
import {
  type CodeFixup,
  emitTrampolines,
  type TrampolineCode,
  type TrampolineSite,
} from '../codegen/x64/trampolines.js'
import { bytesAt, type CodeFacts } from '../isa/code-facts.js'
import type { Architecture, RelocatedCode } from '../isa/site-analysis.js'
import type { ModuleSites, RefusedSite } from '../probe/site.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import type { DataImage } from '../target/area.js'
import type { PlacedEdit } from '../target/edit-set.js'
import type { AreaImage, Backing } from '../target/installation.js'
import { encodeEdits, encodeHeader, HEADER_SIZE, type ManifestEdit } from '../target/manifest.js'
import type { MemoryRange } from '../target/memory.js'
import type { Mapping } from '../target/memory-map.js'
import { placeAnywhere, roundToPage } from '../target/placement.js'
import { behindTrap } from '../target/signals/planted-traps.js'
import type { PublishedTable } from '../target/signals/resident-signals.js'
import type { AreaCode, HitData, HitWork } from './hit-work.js'
import { type AreaGroup, type Placed, placeAreas, placeInPadding } from './place-areas.js'
import { type AnalysedSite, type StyleSituation, styleSites, windowStart } from './style-sites.js'

/** What planning needs to know beyond the sites. */
export interface TrampolineSituation<D extends HitData = HitData> extends StyleSituation {
  /** What trampolines do; without it they only hold the displaced instructions. */
  readonly work: HitWork<D> | undefined
  /** Bytes of each area that are left free for the mechanism's own use. */
  readonly spareBytes: number
  /** Where in there an int3 of the mechanism's own may be: should nobody take its trap, the thread goes on behind it. */
  readonly spareTraps: readonly number[]
  /** Where areas may be: in mappings of their own, or in the modules' padding. */
  readonly backing: Backing
  readonly maps: readonly Mapping[]
  readonly owner: { readonly pid: number; readonly startTime: bigint }
  /** Nothing is laid out for a plan that refuses these. */
  readonly isFutile?: (refused: readonly RefusedSite[]) => boolean
}

/** A site that gets a trampoline. */
export interface ServedSite extends AnalysedSite {
  readonly facts: CodeFacts
  /** Its counter. */
  readonly index: number
}

/** Everything an installation writes, before any of it is written. */
export interface TrampolinePlan<D extends HitData = HitData> {
  readonly areas: readonly AreaImage[]
  /** What the areas' own room is for: see `spareBytes`. One per area. */
  readonly spares: readonly MemoryRange[]
  /** Tables for the signal handler, in the areas. */
  readonly tables: readonly PublishedTable[]
  readonly hits: PlannedHits<D> | undefined
  readonly served: readonly ServedSite[]
  readonly refused: readonly RefusedSite[]
}

/** What trampolines work with, and where it goes. */
export interface PlannedHits<D extends HitData = HitData> {
  readonly data: D
  readonly image: DataImage
}

interface AnalysedGroup {
  readonly group: AreaGroup
  readonly served: readonly ServedSite[]
}

/** Decides for every site whether it can have a trampoline, and lays out the areas. Pure. */
export function planTrampolines<D extends HitData>(
  modules: readonly ModuleSites[],
  situation: TrampolineSituation<D>,
): TrampolinePlan<D> | Refusal {
  const { backing, maps, spareBytes, work } = situation
  const wanted = { area: spareBytes + (work?.areaBytes ?? 0), bytesAt: (site: Address) => work?.bytesAt(site) ?? 0 }
  const placed = backing === 'mapped' ? placeAreas(maps, modules, wanted) : placeInPadding(modules)
  const refused: RefusedSite[] = placed.unplaced.flatMap((each) => each.modules.flatMap(unplacedSites(backing)))
  const analysed = analyseGroups(placed.groups, situation, refused)
  if (situation.isFutile?.(refused) === true)
    return { areas: [], spares: [], tables: [], hits: undefined, served: [], refused }
  const hits = planHits(modules, placed, analysed, situation)
  if (isRefusal(hits)) return hits
  const built = analysed.map((each) => buildArea(each, hits, situation))
  return {
    areas: built.flatMap(({ area }) => (area.edits.length === 0 ? [] : [area])),
    spares: built.flatMap(({ area, spare }) => (area.edits.length === 0 ? [] : [spare])),
    tables: built.flatMap(({ area, tables }) => (area.edits.length === 0 ? [] : tables)),
    hits: hits && withTail(hits, built),
    served: built.flatMap(({ served }) => served),
    refused: [...refused, ...built.flatMap((each) => each.refused)],
  }
}

function planHits<D extends HitData>(
  modules: readonly ModuleSites[],
  placed: Placed,
  analysed: readonly AnalysedGroup[],
  { work, backing }: TrampolineSituation<D>,
): PlannedHits<D> | undefined | Refusal {
  if (work === undefined) return undefined
  const sites = analysed.reduce((sum, { served }) => sum + served.length, 0)
  const data = work.dataFor(sites, backing)
  const { size, head } = data
  const start = backing === 'mapped' ? placeData(placed, size) : largestDataPadding(modules, size)
  if (start === undefined) return refuse('area-out-of-reach', `no free address range of ${size} bytes is left`)
  return { data, image: { start, size, backing, head } }
}

function withTail<D extends HitData>({ data, image }: PlannedHits<D>, built: readonly BuiltArea[]): PlannedHits<D> {
  return { data, image: { ...image, tail: data.tail?.(built.map(({ code }) => code)) } }
}

function placeData({ groups: [first], maps }: Placed, size: number): Address | undefined {
  const near = first?.address ?? address(0)
  return placeAnywhere(maps, { start: near, end: near }, size)
}

function largestDataPadding(modules: readonly ModuleSites[], size: number): Address | undefined {
  return modules.find(({ padding }) => padding !== undefined && padding.data.size >= size)?.padding?.data.start
}

function unplacedSites(backing: Backing): (module: ModuleSites) => RefusedSite[] {
  return (module) => {
    const refusal =
      backing === 'mapped'
        ? refuse('area-out-of-reach', `no free address range lies near ${module.path}, nor anywhere else`)
        : noRoom(module)
    return module.sites.map((site) => ({ site, refusal }))
  }
}

function noRoom({ path }: ModuleSites): Refusal {
  return refuse(
    'seccomp',
    `a seccomp filter forbids mapping memory, suspending it needs CAP_SYS_ADMIN, and the padding of ${path} has no room for more probes`,
  )
}

function analyseGroups(
  groups: readonly AreaGroup[],
  situation: TrampolineSituation,
  refused: RefusedSite[],
): AnalysedGroup[] {
  let index = 0
  return groups.map((group) => {
    const served: ServedSite[] = []
    for (const module of group.modules) {
      for (const each of styleSites(module, group.near, situation)) {
        if ('refusal' in each) refused.push(each)
        else if (served.length >= group.capacity) refused.push({ site: each.site, refusal: noRoom(module) })
        else served.push({ ...each, facts: module.facts, index: index++ })
      }
    }
    return { group, served }
  })
}

interface BuiltArea {
  readonly area: AreaImage
  readonly code: AreaCode
  readonly spare: MemoryRange
  readonly tables: readonly PublishedTable[]
  readonly served: readonly ServedSite[]
  readonly refused: readonly RefusedSite[]
}

function buildArea(
  { group, served }: AnalysedGroup,
  hits: PlannedHits | undefined,
  situation: TrampolineSituation,
): BuiltArea {
  const base = offsetBy(group.address, HEADER_SIZE)
  const made = emitTrampolines(
    base,
    hits?.data.codeAt(hits.image.start),
    served.map((each) => trampolineSite(each, situation)),
  )
  const placed = placeEdits(group, served, made, situation)
  const records = encodeEdits(placed.edits)
  const spareOffset = alignUp(HEADER_SIZE + made.code.length, SPARE_ALIGNMENT)
  const tablesOffset = spareOffset + situation.spareBytes
  const spare = { start: offsetBy(group.address, spareOffset), size: situation.spareBytes }
  const own = situation.spareTraps.map((offset) => offsetBy(spare.start, offset))
  const traps = trapTables(trapsAmong(placed.edits, served), own)
  const tables = placeTables([...traps, ...fixupTables(made.fixups, base)], offsetBy(group.address, tablesOffset))
  const recordsOffset = tablesOffset + tables.reduce((sum, table) => sum + table.bytes.length, 0)
  const length = recordsOffset + records.length
  const codeSize = group.backing === 'mapped' ? roundToPage(length) : length
  assert(codeSize <= group.room, `the area takes ${codeSize} bytes, ${group.room} were planned`)
  const { owner } = situation
  const manifest = {
    codeSize,
    dataAddress: hits?.image.start ?? address(0),
    dataSize: hits?.image.size ?? 0,
    backing: group.backing,
    ownerPid: owner.pid,
    ownerStart: owner.startTime,
    edits: placed.edits,
  }
  const bytes = Buffer.alloc(codeSize)
  encodeHeader(manifest, recordsOffset).copy(bytes)
  made.code.copy(bytes, HEADER_SIZE)
  for (const table of tables) table.bytes.copy(bytes, Number(distance(group.address, table.address)))
  records.copy(bytes, recordsOffset)
  const area: AreaImage = { address: group.address, backing: group.backing, bytes, edits: placed.edits }
  const lost = new Set(placed.refused.map(({ site }) => site))
  const windows = new Map(served.map((each) => [each.index, windowStart(each)] as const))
  const code = { start: base, made, windows }
  return { area, code, spare, tables, served: served.filter(({ site }) => !lost.has(site)), refused: placed.refused }
}

interface PlacedTable extends PublishedTable {
  readonly bytes: Buffer
}

/** One behind the other. */
function placeTables(tables: readonly Table[], start: Address): PlacedTable[] {
  let at = start
  return tables.map((table) => {
    const placed = { ...table, address: at }
    at = offsetBy(at, table.bytes.length)
    return placed
  })
}

type Table = Pick<PlacedTable, 'kind' | 'bytes'>

function trapsAmong(edits: readonly PlacedEdit[], served: readonly ServedSite[]): PlacedEdit[] {
  const bySignal = new Set(served.filter(({ style }) => style.bySignal).map(({ site }) => site.address))
  return edits.filter(({ site }) => bySignal.has(site))
}

/** Where each int3 leads to, and which of the program's instructions each relocated one is, should it fault. */
function trapTables(edits: readonly PlacedEdit[], ownTraps: readonly Address[]): Table[] {
  if (edits.length + ownTraps.length === 0) return []
  const traps = encodeTable([
    ...edits.map(({ site, trampoline }): [Address, Address] => [site, trampoline]),
    ...ownTraps.map((trap): [Address, Address] => [trap, behindTrap(trap)]),
  ])
  const origins = encodeTable(
    edits.flatMap(({ site, trampoline, points }) =>
      points
        .filter(({ original }) => original === 0)
        .map(({ relocated }): [Address, Address] => [offsetBy(trampoline, relocated), site]),
    ),
  )
  return [
    { kind: 'traps', bytes: traps },
    { kind: 'origins', bytes: origins },
  ]
}

function fixupTables(fixups: readonly CodeFixup[], code: Address): Table[] {
  if (fixups.length === 0) return []
  const pairs = fixups.map(({ at, landing }) => [offsetBy(code, at), offsetBy(code, landing)] as const)
  return [{ kind: 'fixups', bytes: encodeTable(pairs) }]
}

/** What may be in the room that is left free is fetched by cache lines, too. */
const SPARE_ALIGNMENT = 64

function alignUp(value: number, boundary: number): number {
  return Math.ceil(value / boundary) * boundary
}

/** Bytes below the stack pointer that a leaf function may use (System V ABI, x86-64, 3.2.2). */
const RED_ZONE = 128

function trampolineSite(served: ServedSite, { arch }: TrampolineSituation): TrampolineSite {
  const { site, facts, analysis, index } = served
  return {
    index,
    address: site.address,
    lead: analysis.lead,
    flagsDead: analysis.flagsDead,
    deadRegisters: analysis.deadRegisters,
    redZone: facts.hasRedZone ? RED_ZONE : 0,
    relocate: (to) => relocateWithJumpBack(arch, served, to),
  }
}

/** A site's displaced instructions with the jump back behind them, to run at `to`. */
export function relocateWithJumpBack(arch: Architecture, served: AnalysedSite, to: Address): RelocatedCode | Refusal {
  const code = arch.relocate(served.analysis, windowStart(served), to)
  if (isRefusal(code) || !served.analysis.fallsThrough) return code
  const jump = encodeJumpBack(arch, served, offsetBy(to, code.bytes.length))
  return isRefusal(jump) ? jump : { ...code, bytes: Buffer.concat([code.bytes, jump]) }
}

/** A jump at `from` to what follows a site's displaced instructions. */
export function encodeJumpBack(arch: Architecture, served: AnalysedSite, from: Address): Uint8Array | Refusal {
  const back = offsetBy(windowStart(served), served.analysis.displacedLength)
  const near = arch.encodeJump(from, back, 5)
  return isRefusal(near) ? arch.encodeJump(from, back, 14) : near
}

function placeEdits(
  group: AreaGroup,
  served: readonly ServedSite[],
  made: TrampolineCode,
  { arch }: TrampolineSituation,
): { readonly edits: PlacedEdit[]; readonly refused: RefusedSite[] } {
  const byIndex = new Map(made.trampolines.map((trampoline) => [trampoline.index, trampoline]))
  const edits: PlacedEdit[] = []
  const refused: RefusedSite[] = []
  for (const each of served) {
    const { site, style, index } = each
    const trampoline = byIndex.get(index)
    const refusal = made.refused.get(index)
    if (trampoline === undefined) {
      refused.push({
        site,
        refusal: refusal ?? refuse('not-relocatable', `no trampoline was made for ${hex(site.address)}`),
      })
      continue
    }
    const start = HEADER_SIZE + trampoline.start
    const at = offsetBy(group.address, start)
    const after = style.encode(arch, windowStart(each), at, group.near)
    if (isRefusal(after)) refused.push({ site, refusal: after })
    else
      edits.push({
        ...editOf(each, after),
        trampoline: at,
        trampolineStart: start,
        trampolineEnd: HEADER_SIZE + trampoline.end,
        points: fromStart(trampoline.points, trampoline.start),
        exits: fromStart(trampoline.exits, trampoline.start),
      })
  }
  return { edits, refused }
}

/** Offsets from the beginning of the trampoline instead of the code. */
function fromStart<T extends { readonly relocated: number }>(places: readonly T[], start: number): T[] {
  return places.map((place) => ({ ...place, relocated: place.relocated - start }))
}

function editOf(served: ServedSite, after: Uint8Array): Pick<ManifestEdit, 'site' | 'before' | 'after'> {
  const { facts, analysis } = served
  return { site: windowStart(served), before: bytesAt(facts.text, analysis.site, after.length), after }
}
