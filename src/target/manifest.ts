import { type Address, address } from '../bytes/address.js'
import type { ResidentPlaces } from '../codegen/x64/signals/resident-code.js'
import type { VirtualSignals } from '../codegen/x64/signals/virtual-signals.js'
import type { ResumeExit, ResumePoint } from '../isa/site-analysis.js'
import type { Backing } from './installation.js'

/**
 * What an area says about itself: enough to undo everything without the tracer that made it. It stands at the beginning of
 * the code area, which is private memory, so that a forked child carries its own.
 */
export interface Manifest {
  /** Bytes of the code area, header included. */
  readonly codeSize: number
  readonly dataAddress: Address
  readonly dataSize: number
  readonly backing: Backing
  readonly ownerPid: number
  /** Start time of the owner in clock ticks: with the pid it names a process for good. */
  readonly ownerStart: bigint
  readonly edits: readonly ManifestEdit[]
  /** Only in areas that keep the program's signals virtual. */
  readonly signals?: SignalsPart
}

/** What an area has to do with signals: jumps in front of system calls, or what these jumps and the kernel lead to. */
export type SignalsPart =
  | { readonly kind: 'stubs' }
  | { readonly kind: 'core'; readonly virtual: VirtualSignals; readonly places: ResidentPlaces }

/** One change of the target's text. */
export interface ManifestEdit {
  readonly site: Address
  readonly before: Uint8Array
  readonly after: Uint8Array
  /** The trampoline, from the beginning of the code area. */
  readonly trampolineStart: number
  readonly trampolineEnd: number
  /** `relocated` counts from the beginning of the trampoline. */
  readonly points: readonly ResumePoint[]
  /** The same. */
  readonly exits: readonly ResumeExit[]
}

/** A manifest and where in the target it stands. */
export interface FoundManifest {
  readonly start: Address
  readonly manifest: Manifest
}

export const MANIFEST_MAGIC = Buffer.from('ring3\0\x01\x03', 'latin1')
/** Trampolines begin behind the header. */
export const HEADER_SIZE = 256
/** Edits in one area; more than any module has functions. */
const MAX_EDITS = 1 << 22
const MAX_AREA = 1 << 30
/** Bytes of an edit's fixed part, of a point and of an exit. */
const EDIT_SIZE = 19
const POINT_SIZE = 6
const EXIT_SIZE = 11
/** In an exit's register byte: nothing is restored; it is the address of the site that the offset counts from. */
const NO_REGISTER = 0xff
const FROM_SITE = 0x80
const SHORTEST_EDIT = 1
const LONGEST_EDIT = 16

/** The edit records, to be placed at `recordsOffset` of the area. */
export function encodeEdits(edits: readonly ManifestEdit[]): Buffer {
  return Buffer.concat(edits.map(encodeEdit))
}

function encodeEdit(edit: ManifestEdit): Buffer {
  const bytes = Buffer.alloc(editSize(edit.before.length, edit.points.length, edit.exits.length))
  bytes.writeBigUInt64LE(edit.site, 0)
  bytes.writeUInt32LE(edit.trampolineStart, 8)
  bytes.writeUInt32LE(edit.trampolineEnd - edit.trampolineStart, 12)
  bytes.writeUInt8(edit.before.length, 16)
  bytes.writeUInt8(edit.points.length, 17)
  bytes.writeUInt8(edit.exits.length, 18)
  bytes.set(edit.before, EDIT_SIZE)
  bytes.set(edit.after, EDIT_SIZE + edit.before.length)
  let at = EDIT_SIZE + 2 * edit.before.length
  for (const { original, relocated } of edit.points) {
    bytes.writeUInt16LE(original, at)
    bytes.writeUInt32LE(relocated, at + 2)
    at += POINT_SIZE
  }
  for (const exit of edit.exits) {
    encodeExit(exit).copy(bytes, at)
    at += EXIT_SIZE
  }
  return bytes
}

function editSize(length: number, points: number, exits: number): number {
  return EDIT_SIZE + 2 * length + POINT_SIZE * points + EXIT_SIZE * exits
}

function encodeExit({ original, relocated, stackDelta, restored }: ResumeExit): Buffer {
  const bytes = Buffer.alloc(EXIT_SIZE)
  bytes.writeInt16LE(original, 0)
  bytes.writeUInt32LE(relocated, 2)
  bytes.writeInt16LE(stackDelta, 6)
  bytes.writeUInt8(
    restored === undefined ? NO_REGISTER : restored.register | (restored.from === 'site' ? FROM_SITE : 0),
    8,
  )
  bytes.writeInt16LE(restored?.offset ?? 0, 9)
  return bytes
}

function decodeExit(area: Buffer, at: number): ResumeExit {
  const register = area.readUInt8(at + 8)
  const exit = {
    original: area.readInt16LE(at),
    relocated: area.readUInt32LE(at + 2),
    stackDelta: area.readInt16LE(at + 6),
  }
  if (register === NO_REGISTER) return exit
  const from = (register & FROM_SITE) === 0 ? 'stack' : 'site'
  return { ...exit, restored: { register: register & 0xf, from, offset: area.readInt16LE(at + 9) } }
}

export function encodeHeader(manifest: Manifest, recordsOffset: number): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE)
  MANIFEST_MAGIC.copy(bytes)
  bytes.writeUInt32LE(manifest.codeSize, 8)
  bytes.writeUInt32LE(recordsOffset, 12)
  bytes.writeUInt32LE(manifest.edits.length, 16)
  bytes.writeUInt32LE(manifest.ownerPid, 20)
  bytes.writeBigUInt64LE(manifest.ownerStart, 24)
  bytes.writeBigUInt64LE(manifest.dataAddress, 32)
  bytes.writeBigUInt64LE(BigInt(manifest.dataSize), 40)
  bytes.writeUInt8(manifest.backing === 'mapped' ? 0 : 1, 48)
  if (manifest.signals !== undefined) encodeSignals(bytes, manifest.signals)
  return bytes
}

const SIGNALS_AT = 49
const STUBS = 1
const CORE = 2
const PLACES_AT = 64

function encodeSignals(bytes: Buffer, signals: SignalsPart): void {
  bytes.writeUInt8(signals.kind === 'stubs' ? STUBS : CORE, SIGNALS_AT)
  if (signals.kind === 'stubs') return
  const { virtual, places } = signals
  bytes.set([virtual.standIn, virtual.action, virtual.witness], SIGNALS_AT + 1)
  const { rewind, forward, ...single } = places
  const words = [
    ...[single.service, single.handler, single.restorer, single.live, single.traps, single.fixups, single.origins],
    ...[single.words, rewind.from, rewind.to, forward.from, forward.to],
  ]
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, PLACES_AT + 4 * index)
}

function decodeSignals(area: Buffer): SignalsPart | undefined {
  const kind = area.readUInt8(SIGNALS_AT)
  if (kind === STUBS) return { kind: 'stubs' }
  if (kind !== CORE) return undefined
  const word = (index: number): number => area.readUInt32LE(PLACES_AT + 4 * index)
  return {
    kind: 'core',
    virtual: {
      standIn: area.readUInt8(SIGNALS_AT + 1),
      action: area.readUInt8(SIGNALS_AT + 2),
      witness: area.readUInt8(SIGNALS_AT + 3),
    },
    places: {
      ...{ service: word(0), handler: word(1), restorer: word(2), live: word(3) },
      ...{ traps: word(4), fixups: word(5), origins: word(6), words: word(7) },
      rewind: { from: word(8), to: word(9) },
      forward: { from: word(10), to: word(11) },
    },
  }
}

/** A header that describes the same memory, while its edits are not written yet. */
export function headerWithoutEdits(header: Uint8Array): Buffer {
  const bytes = Buffer.from(header)
  bytes.writeUInt32LE(0, 16)
  return bytes
}

export function hasManifest(head: Uint8Array): boolean {
  return MANIFEST_MAGIC.equals(head.subarray(0, MANIFEST_MAGIC.length))
}

/** Reads a manifest out of an area's bytes. The target may have written them: undefined when anything is off. */
export function decodeManifest(area: Buffer): Manifest | undefined {
  if (area.length < HEADER_SIZE || !hasManifest(area)) return undefined
  const codeSize = area.readUInt32LE(8)
  const recordsOffset = area.readUInt32LE(12)
  const count = area.readUInt32LE(16)
  if (codeSize > MAX_AREA || codeSize > area.length || recordsOffset > codeSize || count > MAX_EDITS) return undefined
  const edits = decodeEdits(area.subarray(0, codeSize), recordsOffset, count)
  if (edits === undefined) return undefined
  const signals = decodeSignals(area)
  return {
    codeSize,
    dataAddress: address(area.readBigUInt64LE(32)),
    dataSize: Number(area.readBigUInt64LE(40)),
    backing: area.readUInt8(48) === 0 ? 'mapped' : 'padding',
    ownerPid: area.readUInt32LE(20),
    ownerStart: area.readBigUInt64LE(24),
    edits,
    ...(signals === undefined ? {} : { signals }),
  }
}

function decodeEdits(area: Buffer, offset: number, count: number): ManifestEdit[] | undefined {
  const edits: ManifestEdit[] = []
  let at = offset
  for (let index = 0; index < count; index++) {
    const edit = decodeEdit(area, at)
    if (edit === undefined) return undefined
    edits.push(edit)
    at += editSize(edit.before.length, edit.points.length, edit.exits.length)
  }
  return edits
}

function decodeEdit(area: Buffer, at: number): ManifestEdit | undefined {
  if (at + EDIT_SIZE > area.length) return undefined
  const length = area.readUInt8(at + 16)
  const pointCount = area.readUInt8(at + 17)
  const exitCount = area.readUInt8(at + 18)
  const pointsAt = at + EDIT_SIZE + 2 * length
  const exitsAt = pointsAt + POINT_SIZE * pointCount
  const trampolineStart = area.readUInt32LE(at + 8)
  const trampolineEnd = trampolineStart + area.readUInt32LE(at + 12)
  const inside = exitsAt + EXIT_SIZE * exitCount <= area.length && trampolineEnd <= area.length
  if (!inside || length < SHORTEST_EDIT || length > LONGEST_EDIT) return undefined
  const points = Array.from({ length: pointCount }, (_, index) => ({
    original: area.readUInt16LE(pointsAt + POINT_SIZE * index),
    relocated: area.readUInt32LE(pointsAt + POINT_SIZE * index + 2),
  }))
  return {
    site: address(area.readBigUInt64LE(at)),
    before: area.subarray(at + EDIT_SIZE, at + EDIT_SIZE + length),
    after: area.subarray(at + EDIT_SIZE + length, pointsAt),
    trampolineStart,
    trampolineEnd,
    points,
    exits: Array.from({ length: exitCount }, (_, index) => decodeExit(area, exitsAt + EXIT_SIZE * index)),
  }
}
