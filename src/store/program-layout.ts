import { assert } from '../bytes/assert.js'
import { alignUp, sizeOf } from '../ir/layout.js'
import type { MapDeclaration, Program } from '../ir/program.js'
import { isAggregate, isScalar, type ValueType } from '../ir/value-type.js'
import { aggregateWords } from './aggregate-layout.js'
import { type WarningPlace, warningPlaces } from './warning-places.js'

/** How much memory a program gets. */
export interface ProgramShape {
  /** Threads that can have a slot at a time: a power of two, at least 2. */
  readonly slots: number
  /** Of events, for each slot: a power of two, at least 4096. */
  readonly ringBytes: number
  /** Parts of stacks in which calls in progress have places of their own: a power of two; below 2, none have. */
  readonly stackParts: number
  /** Functions are followed into others: their calls in progress have places, too. */
  readonly followsCalls?: boolean
  /** Of tables for walking stacks, those that are published later too. */
  readonly stackTableBytes: number
}

/**
 * The data area of a program, zero at first but for what the tracer writes into its control page. All of it is private to
 * the process and wiped on fork. Offsets in bytes, from the area's beginning where nothing else is said.
 *
 *     control page   CONTROL, the header of each map, a count for each warning
 *     directory      a byte for each slot, 1 once it is in use
 *     slots          `1 << slotShift` bytes each: SLOT, then this thread's part of aggregates
 *     tables         of maps with keys
 *     rings          `1 << ringShift` bytes for each slot, if the program has events
 *     stack tables   if the program takes stacks: see `encodeStackTables`
 *     call places    CALL_PLACES.partBytes for each part of a stack, if the program follows calls; then
 *                    CALL_PLACES.followedPartBytes for each, if it follows some into other functions
 */
export interface ProgramLayout {
  readonly slots: number
  readonly slotShift: number
  /** Bytes of a slot that mean something. */
  readonly slotBytes: number
  readonly directoryOffset: number
  readonly slotsOffset: number
  readonly warnings: readonly WarningPlace[]
  /** A 64-bit count for each warning. */
  readonly warningsOffset: number
  readonly maps: readonly MapLayout[]
  readonly ringsOffset: number
  readonly ringShift: number
  readonly stackTablesOffset: number
  readonly size: number
}

export const CONTROL = {
  /** 1 while this memory belongs to the process that was probed. */
  live: 0,
  /** Hits without a slot, and statements that a hit in the middle of another one could not carry out. */
  missed: 8,
  /** Nanoseconds are `((tsc - tscBase) * multiplier >> 32) + base of the clock`. */
  tscBase: 16,
  multiplier: 24,
  boot: 32,
  monotonic: 40,
  tai: 48,
  /** When the program began, by the boot clock. */
  start: 56,
  seed: 64,
  /** How often threads have come to where the process ends, and wait for `released` to be as much: see `emitAwaitReader`. */
  leaving: 72,
  /** Written by the reader, when it has read what was there before. */
  released: 80,
  /** Where the tables for walking stacks are: an offset; 0 while there are none. */
  stackTables: 88,
} as const

const HEADERS_OFFSET = 128
/** A cache line, so that maps do not disturb each other. */
const HEADER_SIZE = 64

export const SLOT = {
  /** The thread pointer of its thread. */
  key: 0,
  /** 32 bits; `comm` belongs to it. */
  tid: 8,
  random: 16,
  lost: 24,
  comm: 32,
  /** Bytes that were ever reserved in the ring. */
  head: 48,
  /** Bytes that the reader has taken. On a line of its own, since another process writes it. */
  tail: 64,
  aggregates: 128,
} as const

/** In the header of a map. */
export const HEADER = {
  /** Entries in the low half; in the upper one the generation, which clearing the map raises. */
  entries: 0,
  /** 1 if a map without keys is there though no thread has taken in a value, since `zero()`. */
  zeroed: 8,
} as const

export type MapLayout = ThreadAggregateLayout | ThreadRowsLayout | SharedValueLayout | TableLayout | CallsLayout

/** An aggregate without keys: each slot has a part. */
export interface ThreadAggregateLayout {
  readonly kind: 'thread-aggregate'
  readonly header: number
  /** Of the words, from the slot's beginning. */
  readonly inSlot: number
  readonly words: number
  /** A word of the slot: the generation that the words belong to. Only for maps that are ever cleared. */
  readonly tagInSlot: number | undefined
}

/** Aggregates whose keys are known beforehand: each slot has a part of each. One is there that has taken in a value. */
export interface ThreadRowsLayout {
  readonly kind: 'thread-rows'
  readonly header: number
  /** Of the words of the first key, from the slot's beginning; those of the others follow. */
  readonly inSlot: number
  /** Of one key. */
  readonly words: number
  /** Integers without a sign. */
  readonly keys: readonly bigint[]
}

/** A value without a key. It is there if the header counts an entry. */
export interface SharedValueLayout {
  readonly kind: 'shared-value'
  readonly header: number
  readonly valueOffset: number
  readonly valueSize: number
}

/**
 * An open-addressing table of twice the places that the map may have keys, searched from the key's hash on. A place:
 *
 *     0            state: PLACE, and in the upper half the generation
 *     8            key: an integer as 64 bits, or a block padded with zeros to 8 bytes
 *     valueOffset  value: an integer as 64 bits, a block, or an aggregate's words
 */
export interface TableLayout {
  readonly kind: 'table'
  readonly header: number
  readonly offset: number
  /** 2^shift places. */
  readonly shift: number
  readonly placeSize: number
  readonly keySize: number
  /** The key is a stack: what stands behind its first word of zero is zero, too. */
  readonly keyEndsAtZero: boolean
  readonly valueOffset: number
  readonly valueSize: number
  readonly maxKeys: number
  /** Whether the program clears it, so that generations matter. */
  readonly clears: boolean
  /** Whether the program deletes from it, so that places become free again. */
  readonly deletes: boolean
}

/**
 * Calls in progress. Each 8 bytes of a stack have a place, which holds the call whose return address is there: whoever runs on that
 * stack is the only one that touches it. A part of a stack, 64 KiB, has its places together; who comes there first takes the first
 * free ones from the part's hash on, for as long as the program is there. A call whose place holds another one, or for which no
 * places are left, is in the table, under `callKey`.
 */
export interface CallsLayout {
  readonly kind: 'calls'
  /** Of the table. */
  readonly header: number
  readonly table: TableLayout
  readonly placesOffset: number
  /** Of the places of calls of functions that are followed into others, if there are such. */
  readonly followedOffset: number
  /** Below 2, there are no places. */
  readonly parts: number
}

export const CALL_PLACES = {
  /** Bits of a stack pointer below the number of its part. */
  partShift: 16,
  /** Bytes of the places of a part: 16 for each 8 of the stack. */
  partBytes: 2 ** 17,
  followedPartBytes: 2 ** 18,
  /** Places are looked for at the hash of a part, and at so many in all. */
  tries: 8,
} as const

export const CALL_PLACE = {
  /** 32 bits: the number of the attach point, and 1; 0 without a call. */
  point: 0,
  /** 32 bits, in the first place of a part: the number of the part. */
  part: 4,
  /** And whether it is `ON_ITS_WAY`. */
  began: 8,
} as const

/**
 * The place of calls of functions that are followed into others: of two, since what is jumped to may be such a function, too. Twice as
 * long; `CALL_PLACE` says how each begins.
 */
export const FOLLOWED_PLACE = {
  second: 16,
  /** 32 bits: how many more are in the table. */
  tabled: 20,
} as const

/**
 * The low byte of a place's state. Above it, up to bit 31, a busy or claimed place has bits of the thread that makes it. Only `ready`
 * ones of the map's generation are entries.
 */
export const PLACE = { empty: 0, ready: 1, busy: 2, deleted: 3, claimed: 4, abandoned: 5 } as const
export const PLACE_KEY = 8

const PAGE = 4096
const LINE = 128

/** Keys of maps of aggregates that are known beforehand, by map: see `constantKeys`. */
export type KnownKeys = ReadonlyMap<number, readonly bigint[]>

export function programLayout(program: Program, shape: ProgramShape, known: KnownKeys = new Map()): ProgramLayout {
  assert(isPowerOfTwo(shape.slots) && shape.slots >= 2, 'a power of two of slots')
  assert(shape.stackParts < 2 || isPowerOfTwo(shape.stackParts), 'a power of two of parts of stacks')
  assert(isPowerOfTwo(shape.ringBytes) && shape.ringBytes >= PAGE, 'a ring of whole pages')
  const warnings = warningPlaces(program)
  const warningsOffset = HEADERS_OFFSET + HEADER_SIZE * program.maps.length
  const directoryOffset = alignUp(warningsOffset + 8 * warnings.length, LINE)
  let shared = directoryOffset + shape.slots
  let slotBytes: number = SLOT.aggregates
  const drafts = program.maps.map((declaration, map) => {
    const header = HEADERS_OFFSET + HEADER_SIZE * map
    const keys = known.get(map)
    if (keys !== undefined) {
      const part = threadRows(declaration.value, header, slotBytes, keys)
      slotBytes = part.inSlot + 8 * part.words * keys.length
      return part
    }
    if (declaration.key !== undefined) return keyed(program, map, { header, parts: shape.stackParts })
    const clears = hasEvent(program, map, ['clear', 'zero']) || isDeleted(program, map)
    if (isAggregate(declaration.value)) {
      const part = threadAggregate(declaration.value, header, slotBytes, clears)
      slotBytes = part.inSlot + 8 * part.words
      return part
    }
    const part = sharedValue(declaration.value, header, alignUp(shared, LINE))
    shared = part.valueOffset + part.valueSize
    return part
  })
  const slotShift = Math.max(8, Math.ceil(Math.log2(slotBytes)))
  const slotsOffset = alignUp(shared, PAGE)
  const tables = withTables(drafts, slotsOffset + shape.slots * 2 ** slotShift)
  const ringsOffset = tables.end
  const ringShift = Math.log2(shape.ringBytes)
  const stackTablesOffset = program.events.length === 0 ? ringsOffset : ringsOffset + shape.slots * shape.ringBytes
  const { maps, end: size } = withCallPlaces(tables.maps, stackTablesOffset + shape.stackTableBytes, shape)
  return {
    slots: shape.slots,
    slotShift,
    slotBytes,
    directoryOffset,
    slotsOffset,
    warnings,
    warningsOffset,
    maps,
    ringsOffset,
    ringShift,
    stackTablesOffset,
    size,
  }
}

interface PlacedMaps {
  readonly maps: readonly MapLayout[]
  readonly end: number
}

/** Tables one after the other, each on pages of its own. */
function withTables(drafts: readonly MapLayout[], start: number): PlacedMaps {
  let end = start
  const placed = (part: TableLayout): TableLayout => {
    const offset = alignUp(end, PAGE)
    end = offset + part.placeSize * 2 ** part.shift
    return { ...part, offset }
  }
  const maps = drafts.map((draft): MapLayout => {
    if (draft.kind === 'table') return placed(draft)
    return draft.kind === 'calls' ? { ...draft, table: placed(draft.table) } : draft
  })
  return { maps, end: alignUp(end, PAGE) }
}

function withCallPlaces(drafts: readonly MapLayout[], start: number, { followsCalls }: ProgramShape): PlacedMaps {
  let end = start
  const maps = drafts.map((draft): MapLayout => {
    if (draft.kind !== 'calls' || draft.parts < 2) return draft
    const placesOffset = end
    const followedOffset = placesOffset + draft.parts * CALL_PLACES.partBytes
    end = followedOffset + (followsCalls === true ? draft.parts * CALL_PLACES.followedPartBytes : 0)
    return { ...draft, placesOffset, followedOffset }
  })
  return { maps, end }
}

/** A map with keys that are not known beforehand. */
function keyed(
  program: Program,
  map: number,
  { header, parts }: Pick<CallsLayout, 'header' | 'parts'>,
): TableLayout | CallsLayout {
  const declaration = program.maps[map]
  assert(declaration?.key !== undefined, 'a map with keys')
  const { key, holdsCalls } = declaration
  if (holdsCalls === true) {
    const rest = table(declaration, key, header, { clears: false, deletes: true })
    return { kind: 'calls', header, table: rest, placesOffset: 0, followedOffset: 0, parts }
  }
  const clears = hasEvent(program, map, ['clear'])
  return table(declaration, key, header, { clears, deletes: isDeleted(program, map) })
}

function threadAggregate(type: ValueType, header: number, inSlot: number, clears: boolean): ThreadAggregateLayout {
  assert(isAggregate(type), 'an aggregate')
  const words = aggregateWords(type)
  return clears
    ? { kind: 'thread-aggregate', header, tagInSlot: inSlot, inSlot: inSlot + 8, words }
    : { kind: 'thread-aggregate', header, tagInSlot: undefined, inSlot, words }
}

function threadRows(type: ValueType, header: number, inSlot: number, keys: readonly bigint[]): ThreadRowsLayout {
  assert(isAggregate(type), 'an aggregate')
  return { kind: 'thread-rows', header, inSlot, words: aggregateWords(type), keys }
}

function sharedValue(type: ValueType, header: number, valueOffset: number): SharedValueLayout {
  return { kind: 'shared-value', header, valueOffset, valueSize: storedSize(type) }
}

function table(
  { value, maxKeys }: MapDeclaration,
  key: ValueType,
  header: number,
  happens: Pick<TableLayout, 'clears' | 'deletes'>,
): TableLayout {
  const keySize = storedSize(key)
  const valueOffset = PLACE_KEY + keySize
  const valueSize = storedSize(value)
  return {
    kind: 'table',
    header,
    offset: 0,
    shift: Math.max(3, Math.ceil(Math.log2(2 * maxKeys))),
    placeSize: placeSize(valueOffset + valueSize),
    keySize,
    keyEndsAtZero: key.kind === 'ustack' && keySize > 8,
    valueOffset,
    valueSize,
    maxKeys,
    ...happens,
  }
}

/** Small places do not cross cache lines. */
function placeSize(bytes: number): number {
  return bytes <= 64 ? 2 ** Math.ceil(Math.log2(bytes)) : alignUp(bytes, 8)
}

/** Whole words: integers are kept as 64 bits. */
function storedSize(type: ValueType): number {
  if (isAggregate(type)) return 8 * aggregateWords(type)
  return isScalar(type) ? 8 : alignUp(sizeOf(type), 8)
}

function hasEvent(program: Program, map: number, kinds: readonly string[]): boolean {
  return program.events.some((event) => 'map' in event && event.map === map && kinds.includes(event.kind))
}

function isDeleted({ handlers }: Program, map: number): boolean {
  return handlers.some(({ body }) => deletes(body, map))
}

function deletes(body: Program['handlers'][number]['body'], map: number): boolean {
  return body.some((statement) => {
    if (statement.op === 'map-delete') return statement.map === map
    if (statement.op === 'if') return deletes(statement.consequent, map) || deletes(statement.alternative, map)
    if (statement.op === 'loop') return deletes(statement.body, map) || deletes(statement.step, map)
    return statement.op === 'for-each' && deletes(statement.body, map)
  })
}

export function slotOffset(layout: ProgramLayout, slot: number): number {
  return layout.slotsOffset + slot * 2 ** layout.slotShift
}

export function ringOffset(layout: ProgramLayout, slot: number): number {
  return layout.ringsOffset + slot * 2 ** layout.ringShift
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value))
}
