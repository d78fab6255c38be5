import { type Address, address, hex, offsetBy } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import { interposedNumbers } from '../../codegen/x64/signals/interposed-calls.js'
import { type ResidentPlaces, residentCode } from '../../codegen/x64/signals/resident-code.js'
import { emitStub } from '../../codegen/x64/signals/stub.js'
import type { VirtualSignals } from '../../codegen/x64/signals/virtual-signals.js'
import { bytesAt, type CodeFacts } from '../../isa/code-facts.js'
import type { Architecture } from '../../isa/site-analysis.js'
import { type SyscallSite, syscallSites } from '../../isa/x64/syscall-sites.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { PlacedEdit } from '../edit-set.js'
import type { AreaImage } from '../installation.js'
import { encodeEdits, encodeHeader, HEADER_SIZE, type SignalsPart } from '../manifest.js'
import type { Mapping } from '../memory-map.js'
import type { Owner } from '../owner.js'
import { placeAnywhere, placeNear, roundToPage, type Span, withTaken } from '../placement.js'
import { coversStub } from '../remote-call.js'

/** A module of the target: all of them are wanted. `address = vaddr + bias`. */
export interface SignalModule extends Span {
  readonly path: string
  readonly bias: bigint
  readonly facts: CodeFacts
}

/** The system calls of a module that are interposed. */
export interface FoundSites {
  readonly module: SignalModule
  readonly sites: readonly SyscallSite[]
}

export interface SignalSituation {
  readonly arch: Architecture
  readonly maps: readonly Mapping[]
  readonly owner: Owner
  readonly virtual: VirtualSignals
}

/** A system call that is interposed: a thread that is about to make it has to go to its stub. */
export interface InterposedSite {
  readonly syscall: Address
  readonly stub: Address
}

export interface SignalPlan {
  readonly core: AreaImage
  readonly stubs: readonly AreaImage[]
  readonly virtual: VirtualSignals
  readonly places: ResidentPlaces
  readonly interposed: readonly InterposedSite[]
}

/** More than a stub and its record take. */
const BYTES_PER_STUB = 256
const CORE_ROOM = 8192
const ALIGNMENT = 16
const JUMP_LENGTH = 5

/** Finds the system calls of a target that have to be interposed, or says which cannot be. Looks at all code. Pure. */
export function findInterposed(modules: readonly SignalModule[], entry: Address): readonly FoundSites[] | Refusal {
  const found: FoundSites[] = []
  for (const module of modules) {
    const { sites, refused } = syscallSites(module.facts, interposedNumbers)
    const [first] = refused
    if (first !== undefined) return blockable(module, first.at, first.refusal)
    const covered = sites.find(({ window }) => coversStub(entry, addressIn(module, window.site), JUMP_LENGTH))
    if (covered !== undefined)
      return blockable(module, covered.syscall, refuse('entry-point', 'ring3 makes its remote calls there'))
    if (sites.length > 0) found.push({ module, sites })
  }
  return found.length > 0
    ? found
    : refuse('sigtrap-blockable', 'no system call of any module is known by which signals could be blocked')
}

function blockable({ path }: SignalModule, at: number, { because }: Refusal): Refusal {
  const sentence = `the system call at ${path}+${hex(at)} may block SIGTRAP and cannot be interposed: ${because}`
  return refuse('sigtrap-blockable', sentence)
}

function addressIn({ bias }: SignalModule, vaddr: number): Address {
  return address(bias + BigInt(vaddr))
}

/** Lays out what keeps a target's signals virtual. Pure. */
export function planSignals(found: readonly FoundSites[], situation: SignalSituation): SignalPlan | Refusal {
  let taken = situation.maps
  const [first] = found
  assert(first !== undefined, 'there is a module with sites')
  const core = placeAnywhere(taken, first.module, CORE_ROOM)
  if (core === undefined) return refuse('area-out-of-reach', `no free address range of ${CORE_ROOM} bytes is left`)
  taken = withTaken(taken, core, CORE_ROOM)
  const { image, places } = coreArea(core, situation)
  const service = offsetBy(core, places.service)
  const stubs: AreaImage[] = []
  const interposed: InterposedSite[] = []
  for (const each of found) {
    const room = roundToPage(HEADER_SIZE + BYTES_PER_STUB * each.sites.length)
    const at = placeNear(taken, each.module, room)
    if (at === undefined) return refuse('area-out-of-reach', `no free address range lies near ${each.module.path}`)
    taken = withTaken(taken, at, room)
    const made = stubArea(each, at, room, service, situation)
    if (isRefusal(made)) return made
    stubs.push(made.image)
    interposed.push(...made.interposed)
  }
  return { core: image, stubs, virtual: situation.virtual, places, interposed }
}

/** Offsets in the manifest and in the plan count from the beginning of the area. */
function coreArea(
  at: Address,
  { virtual, owner }: SignalSituation,
): { readonly image: AreaImage; readonly places: ResidentPlaces } {
  const { code, places: inCode } = residentCode(offsetBy(at, HEADER_SIZE), virtual)
  const places = fromArea(inCode)
  const signals: SignalsPart = { kind: 'core', virtual, places }
  const bytes = Buffer.alloc(roundToPage(HEADER_SIZE + code.length))
  assert(bytes.length <= CORE_ROOM, 'the core has the room that was planned')
  encodeHeader(manifestOf(bytes.length, owner, [], signals), HEADER_SIZE).copy(bytes)
  code.copy(bytes, HEADER_SIZE)
  return { image: { address: at, backing: 'mapped', bytes, edits: [], signals }, places }
}

function fromArea(places: ResidentPlaces): ResidentPlaces {
  const from = (offset: number): number => offset + HEADER_SIZE
  const { rewind, forward } = places
  return {
    service: from(places.service),
    handler: from(places.handler),
    restorer: from(places.restorer),
    live: from(places.live),
    traps: from(places.traps),
    fixups: from(places.fixups),
    origins: from(places.origins),
    words: from(places.words),
    rewind: { from: from(rewind.from), to: from(rewind.to) },
    forward: { from: from(forward.from), to: from(forward.to) },
  }
}

interface StubArea {
  readonly image: AreaImage
  readonly interposed: readonly InterposedSite[]
}

function stubArea(
  { module, sites }: FoundSites,
  at: Address,
  room: number,
  service: Address,
  { arch, owner }: SignalSituation,
): StubArea | Refusal {
  const code: Buffer[] = []
  let offset = HEADER_SIZE
  const edits: PlacedEdit[] = []
  const interposed: InterposedSite[] = []
  for (const site of sites) {
    const edit = makeStub(module, site, at, offset, service, arch)
    if (isRefusal(edit)) return blockable(module, site.syscall, edit)
    edits.push(edit.edit)
    interposed.push({ syscall: addressIn(module, site.syscall), stub: edit.call })
    code.push(edit.code)
    offset += edit.code.length
  }
  const signals: SignalsPart = { kind: 'stubs' }
  const records = encodeEdits(edits)
  assert(offset + records.length <= room, 'the stubs have the room that was planned')
  const bytes = Buffer.alloc(room)
  encodeHeader(manifestOf(room, owner, edits, signals), offset).copy(bytes)
  Buffer.concat([...code, records]).copy(bytes, HEADER_SIZE)
  return { image: { address: at, backing: 'mapped', bytes, edits, signals }, interposed }
}

function makeStub(
  module: SignalModule,
  { window, before, numberKnown, syscall }: SyscallSite,
  area: Address,
  offset: number,
  service: Address,
  arch: Architecture,
): { readonly edit: PlacedEdit; readonly code: Buffer; readonly call: Address } | Refusal {
  const site = addressIn(module, window.site)
  const trampoline = offsetBy(area, offset)
  const inWindow = syscall - window.site
  const stub = emitStub(
    {
      offset: inWindow,
      next: addressIn(module, syscall + 2),
      numberKnown,
      relocate: (to) => arch.relocate(before, site, to),
    },
    trampoline,
    service,
  )
  if (isRefusal(stub)) return stub
  const after = arch.encodeJump(site, trampoline, JUMP_LENGTH)
  if (isRefusal(after)) return after
  const call = stub.points.find(({ original }) => original === inWindow)
  assert(call !== undefined, 'a stub makes its call')
  const code = Buffer.alloc(Math.ceil(stub.bytes.length / ALIGNMENT) * ALIGNMENT, 0xcc)
  code.set(stub.bytes)
  const edit: PlacedEdit = {
    site,
    before: bytesAt(module.facts.text, window.site, JUMP_LENGTH),
    after,
    trampoline,
    trampolineStart: offset,
    trampolineEnd: offset + stub.bytes.length,
    points: stub.points,
    exits: stub.exits,
  }
  return { edit, code, call: offsetBy(trampoline, call.relocated) }
}

function manifestOf(codeSize: number, owner: Owner, edits: readonly PlacedEdit[], signals: SignalsPart) {
  return {
    codeSize,
    dataAddress: address(0),
    dataSize: 0,
    backing: 'mapped' as const,
    ownerPid: owner.pid,
    ownerStart: owner.startTime,
    edits,
    signals,
  }
}
