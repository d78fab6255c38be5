import { sizeOf } from '../ir/layout.js'
import type { Program } from '../ir/program.js'
import { type EventPayload, eventPayload, RECORD, SKIPPED } from './event-layout.js'
import { type ProgramLayout, ringOffset, SLOT, slotOffset } from './program-layout.js'
import { type ReadArea, wordsOf } from './program-reader.js'

/** An event as a handler has written it. */
export interface EventRecord {
  /** An index into the program's events. */
  readonly event: number
  /** Of the time-stamp counter. */
  readonly time: bigint
  /** Blocks, each of its type's size; of `exit`, 64 bits. */
  readonly values: readonly Uint8Array[]
}

/** What a ring holds. `tail` is to be written to the slot's SLOT.tail once the records are no longer needed there. */
export interface Drained {
  readonly records: readonly EventRecord[]
  readonly tail: bigint
  /** Events lost so far. */
  readonly lost: bigint
  /** Whether the bytes were none that a handler writes: the rest has been thrown away. */
  readonly isCorrupt: boolean
}

/** Reads the rings of a program. The bytes are not trusted: whatever they are, records are whole and of the program's events. */
export class EventRings {
  readonly #payloads: readonly EventPayload[]

  constructor(
    program: Pick<Program, 'events'>,
    readonly layout: ProgramLayout,
    readonly read: ReadArea,
  ) {
    this.#payloads = program.events.map((_, event) => eventPayload(program, event))
  }

  drain(slot: number): Drained {
    const start = slotOffset(this.layout, slot)
    const [head = 0n, , tail = 0n] = wordsOf(this.read(start + SLOT.head, 24))
    const [lost = 0n] = wordsOf(this.read(start + SLOT.lost, 8))
    const size = 2 ** this.layout.ringShift
    const isSane = head >= tail && head - tail <= BigInt(size) && tail % 8n === 0n && head % 8n === 0n
    if (!isSane) return { records: [], tail: head, lost, isCorrupt: true }
    if (head === tail) return { records: [], tail, lost, isCorrupt: false }
    return { ...this.#records(this.#readBetween(slot, tail, head), tail, head), lost }
  }

  /** What stands in a ring between two positions, also where that goes on at its beginning. */
  #readBetween(slot: number, tail: bigint, head: bigint): Uint8Array {
    const size = 2 ** this.layout.ringShift
    const start = ringOffset(this.layout, slot)
    const from = Number(tail % BigInt(size))
    const length = Number(head - tail)
    if (from + length <= size) return this.read(start + from, length)
    const first = this.read(start + from, size - from)
    return Buffer.concat([first, this.read(start, from + length - size)])
  }

  #records(bytes: Uint8Array, tail: bigint, head: bigint): Omit<Drained, 'lost'> {
    const size = 2 ** this.layout.ringShift
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const records: EventRecord[] = []
    let position = tail
    while (position < head) {
      const at = Number(position - tail)
      const untilEnd = size - Number(position % BigInt(size))
      const header = view.getBigUint64(at, true)
      // Not there yet: its thread is still writing.
      if (header >> 32n !== BigInt.asUintN(32, position / 8n + 1n)) break
      const length = Number((header >> 16n) & 0xffffn) * 8
      const event = Number(header & 0xffffn)
      const payload = this.#payloads[event]
      const fits = length >= 8 && length <= untilEnd && position + BigInt(length) <= head
      if (!fits || (event !== SKIPPED && (payload === undefined || length !== RECORD.payload + payload.size)))
        return { records, tail: head, isCorrupt: true }
      if (payload !== undefined && event !== SKIPPED)
        records.push({ event, time: view.getBigUint64(at + RECORD.time, true), values: valuesOf(bytes, at, payload) })
      position += BigInt(length)
    }
    return { records, tail: position, isCorrupt: false }
  }
}

function valuesOf(ring: Uint8Array, at: number, { types, offsets }: EventPayload): Uint8Array[] {
  return types.map((type, value) => {
    const start = at + RECORD.payload + (offsets[value] ?? 0)
    return ring.slice(start, start + sizeOf(type))
  })
}
