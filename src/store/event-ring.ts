import type { Program } from '../ir/program.js'
import { EventBatch } from './event-batch.js'
import { type EventPayload, eventPayload, RECORD, SKIPPED } from './event-layout.js'
import { type ProgramLayout, ringOffset, SLOT, slotOffset } from './program-layout.js'
import { type ReadArea, wordsOf } from './program-reader.js'

/** What a ring holds. `tail` is to be written to the slot's SLOT.tail once the events are no longer needed there. */
export interface Drained {
  readonly events: EventBatch
  readonly tail: bigint
  /** Events lost so far. */
  readonly lost: bigint
  /** Whether the bytes were none that a handler writes: the rest has been thrown away. */
  readonly isCorrupt: boolean
  /** Whether there is more than is read at a time. */
  readonly hasMore: boolean
}

/** So much of a ring is read at a time. */
const MAX_READ = 2 ** 20
/** A header and a time. */
const LEAST_RECORD = RECORD.payload
const NOTHING = {
  events: new EventBatch(new DataView(new ArrayBuffer(0)), new Uint32Array(0), []),
  isCorrupt: false,
  hasMore: false,
} as const

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

  /** So many readings empty a ring: what the end of one cuts is left to the next. */
  get readsOfFullRing(): number {
    return Math.ceil((2 * 2 ** this.layout.ringShift) / MAX_READ)
  }

  drain(slot: number): Drained {
    const [lost = 0n, , , head = 0n, , tail = 0n] = wordsOf(
      this.read(slotOffset(this.layout, slot) + SLOT.lost, SLOT.tail + 8 - SLOT.lost),
    )
    const size = 2 ** this.layout.ringShift
    const isSane = head >= tail && head - tail <= BigInt(size) && tail % 8n === 0n && head % 8n === 0n
    if (!isSane) return { ...NOTHING, tail: head, lost, isCorrupt: true }
    if (head === tail) return { ...NOTHING, tail, lost }
    const length = Math.min(Number(head - tail), MAX_READ)
    const bytes = this.#readFrom(slot, tail, length)
    const { places, done, isCorrupt } = this.#records(bytes, tail)
    const events = new EventBatch(bytes, places, this.#payloads)
    // What is cut by the end of the reading comes with the next one.
    const hasMore = !isCorrupt && done > 0 && tail + BigInt(length) < head
    return { events, tail: isCorrupt ? head : tail + BigInt(done), lost, isCorrupt, hasMore }
  }

  /** What stands in a ring from a position on, also where that goes on at its beginning. */
  #readFrom(slot: number, position: bigint, length: number): DataView {
    const size = 2 ** this.layout.ringShift
    const start = ringOffset(this.layout, slot)
    const from = Number(position % BigInt(size))
    const first = this.read(start + from, Math.min(length, size - from))
    const rest = length - first.length
    const bytes = rest === 0 ? first : Buffer.concat([first, this.read(start, rest)])
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Where the records are that stand one behind the other from a position on, and how many bytes they take. */
  #records(bytes: DataView, position: bigint): { places: Uint32Array; done: number; isCorrupt: boolean } {
    const size = 2 ** this.layout.ringShift
    const from = Number(position % BigInt(size))
    const firstMark = Number(BigInt.asUintN(32, position / 8n + 1n))
    const places = new Uint32Array(Math.ceil(bytes.byteLength / LEAST_RECORD))
    let [count, done] = [0, 0]
    const found = (isCorrupt: boolean) => ({ places: places.subarray(0, count), done, isCorrupt })
    while (done < bytes.byteLength) {
      // Not there yet: its thread is still writing.
      if (bytes.getUint32(done + 4, true) !== (firstMark + done / 8) >>> 0) break
      const header = bytes.getUint32(done, true)
      const length = (header >>> 16) * 8
      const event = header & 0xffff
      const payload = this.#payloads[event]
      const untilEnd = size - ((from + done) % size)
      const wanted = payload === undefined ? length : RECORD.payload + payload.size
      const isOfProgram = event === SKIPPED || (payload !== undefined && length === wanted)
      if (length < 8 || length > untilEnd || !isOfProgram) return found(true)
      if (length > bytes.byteLength - done) return found(bytes.byteLength < MAX_READ)
      if (event !== SKIPPED) places[count++] = done
      done += length
    }
    return found(false)
  }
}
