import { type Address, address } from '../bytes/address.js'
import type { ModuleSites } from '../probe/site.js'
import type { Backing } from '../target/installation.js'
import { HEADER_SIZE } from '../target/manifest.js'
import type { Mapping } from '../target/memory-map.js'
import type { Padding } from '../target/padding.js'
import { placeAnywhere, placeNear, roundToPage, type Span, withTaken } from '../target/placement.js'

/** Modules that share one code area, since it reaches all of them. */
export interface AreaGroup {
  readonly modules: readonly ModuleSites[]
  readonly address: Address
  /** Bytes that may be used from `address` on. */
  readonly room: number
  /** Within reach of a 32-bit displacement. */
  readonly near: boolean
  readonly backing: Backing
  /** Sites that there is room for. */
  readonly capacity: number
}

/** A group that no free range serves. */
export interface Unplaced {
  readonly modules: readonly ModuleSites[]
}

/** Modules further apart than this get areas of their own: an area must reach both ends of its group. */
const GROUP_SPAN = 1n << 30n
/** More than any trampoline with its cold part and its manifest record takes. */
const BYTES_PER_SITE = 256
/** The same where nothing is within reach: a rip-relative instruction of 7 bytes takes 32, and 45 in the manifest. */
const BYTES_PER_FAR_SITE = 512
const BYTES_PER_AREA = 16384
/** The same for a shared counter, which has no cold part. */
const PADDING_PER_SITE = 192
const SHARED_CODE = 64
const COUNTER_SIZE = 8

export interface Placed {
  readonly groups: readonly AreaGroup[]
  readonly unplaced: readonly Unplaced[]
  /** The maps with the chosen ranges taken. */
  readonly maps: readonly Mapping[]
}

/** What code takes beyond the least. */
export interface ExtraBytes {
  readonly area: number
  bytesAt(site: Address): number
}

/** Chooses where the code areas go: near their modules, or anywhere. Pure. */
export function placeAreas(maps: readonly Mapping[], modules: readonly ModuleSites[], wanted: ExtraBytes): Placed {
  const groups: AreaGroup[] = []
  const unplaced: Unplaced[] = []
  let taken = maps
  for (const members of groupByReach(modules)) {
    const span = spanOf(members)
    const near = placeNear(taken, span, roomFor(members, BYTES_PER_SITE, wanted))
    const room = roomFor(members, near === undefined ? BYTES_PER_FAR_SITE : BYTES_PER_SITE, wanted)
    const at = near ?? placeAnywhere(taken, span, room)
    if (at === undefined) unplaced.push({ modules: members })
    else {
      groups.push({
        modules: members,
        address: at,
        room,
        near: near !== undefined,
        backing: 'mapped',
        capacity: Number.POSITIVE_INFINITY,
      })
      taken = withTaken(taken, at, room)
    }
  }
  return { groups, unplaced, maps: taken }
}

function roomFor(members: readonly ModuleSites[], bytesPerSite: number, wanted: ExtraBytes): number {
  let bytes = BYTES_PER_AREA + wanted.area
  for (const { sites } of members) for (const { address } of sites) bytes += bytesPerSite + wanted.bytesAt(address)
  return roundToPage(bytes)
}

/** Puts each module's trampolines into its own padding, as far as that goes. Pure. */
export function placeInPadding(modules: readonly ModuleSites[]): Placed {
  const groups = modules.flatMap((module) =>
    module.padding === undefined ? [] : [paddingGroup(module, module.padding)],
  )
  const unplaced = modules.flatMap((module) => (module.padding === undefined ? [{ modules: [module] }] : []))
  return { groups, unplaced, maps: [] }
}

function paddingGroup(module: ModuleSites, { code, data }: Padding): AreaGroup {
  const byCode = Math.floor((code.size - HEADER_SIZE - SHARED_CODE) / PADDING_PER_SITE)
  const byData = Math.floor(data.size / COUNTER_SIZE)
  const capacity = Math.max(0, Math.min(byCode, byData))
  return { modules: [module], address: code.start, room: code.size, near: true, backing: 'padding', capacity }
}

function groupByReach(modules: readonly ModuleSites[]): ModuleSites[][] {
  const groups: ModuleSites[][] = []
  for (const module of modules.toSorted((a, b) => (a.start < b.start ? -1 : 1))) {
    const first = groups.at(-1)?.[0]
    if (first !== undefined && module.end - first.start < GROUP_SPAN) groups.at(-1)?.push(module)
    else groups.push([module])
  }
  return groups
}

function spanOf(modules: readonly ModuleSites[]): Span {
  const start = modules.reduce((least, module) => (module.start < least ? module.start : least), address(-1n))
  const end = modules.reduce((most, module) => (module.end > most ? module.end : most), address(0))
  return { start, end }
}
