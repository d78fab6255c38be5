import { sizeOf } from '../ir/layout.js'
import { type EventPayload, RECORD } from './event-layout.js'

/** Events of one ring, in its order. There are millions of them: nothing is taken out of their bytes before it is needed. */
export class EventBatch {
  constructor(
    /** Whole records, and what may stand between them. */
    readonly bytes: DataView,
    /** Where the records begin. */
    private readonly places: Uint32Array,
    /** Of all events of the program. */
    private readonly payloads: readonly EventPayload[],
  ) {}

  get length(): number {
    return this.places.length
  }

  /** An index into the program's events. */
  eventAt(index: number): number {
    return this.bytes.getUint16(this.#placeOf(index), true)
  }

  /** Of the time-stamp counter, as a double holds it: in order, and a few nanoseconds off after a year. */
  timeAt(index: number): number {
    const at = this.#placeOf(index) + RECORD.time
    return this.bytes.getUint32(at + 4, true) * 2 ** 32 + this.bytes.getUint32(at, true)
  }

  /** Where in the bytes the values begin. */
  payloadAt(index: number): number {
    return this.#placeOf(index) + RECORD.payload
  }

  /** Blocks, each of its type's size; of `exit`, 64 bits. */
  valuesAt(index: number): Uint8Array[] {
    const { types = [], offsets = [] } = this.payloads[this.eventAt(index)] ?? {}
    const start = this.bytes.byteOffset + this.payloadAt(index)
    return types.map((type, at) => new Uint8Array(this.bytes.buffer, start + (offsets[at] ?? 0), sizeOf(type)).slice())
  }

  #placeOf(index: number): number {
    return this.places[index] ?? 0
  }
}
