import { type Event, JOIN } from '../ir/event.js'
import { alignUp, sizeOf, tupleLayout } from '../ir/layout.js'
import type { Program } from '../ir/program.js'
import { int64, integer, uint64, type ValueType } from '../ir/value-type.js'

/**
 * A ring is written by one thread and its signal handlers, and read by the tracer. Positions count bytes since the beginning and
 * never go back; the place of a record is its position modulo the ring's size. A record does not cross the ring's end: one of kind
 * SKIPPED fills what is left there. It is reserved by moving SLOT.head, and is there once its header is right:
 *
 *     0    header: low 16 bits the event, or SKIPPED; 16 bits the size in units of 8 bytes;
 *          high 32 bits: position / 8 + 1, so that nothing that was here before is taken for it
 *     8    time-stamp counter
 *     16   values, laid out like a tuple
 */
export const RECORD = { header: 0, time: 8, payload: 16 } as const
export const SKIPPED = 0xffff
/** In units of 8 bytes: header's sizes are numbers without a sign, but immediates have one. */
export const MAX_RECORD_UNITS = 0x7fff

export interface EventPayload {
  readonly types: readonly ValueType[]
  readonly offsets: readonly number[]
  /** Rounded up to 8 bytes. */
  readonly size: number
}

export function eventPayload({ events }: Pick<Program, 'events'>, event: number): EventPayload {
  const declared = events[event]
  if (declared === undefined) throw new RangeError(`there is no event ${event}`)
  const types = typesOf(declared)
  const { offsets } = tupleLayout(types)
  const last = types.at(-1)
  const end = last === undefined ? 0 : (offsets.at(-1) ?? 0) + sizeOf(last)
  return { types, offsets, size: alignUp(end, 8) }
}

/** Of join(): how many texts there are, and room for all that there may be. */
function typesOf(event: Event): readonly ValueType[] {
  if ('types' in event) return event.types
  if (event.kind === 'exit') return [int64]
  return event.kind === 'join' ? [uint64, ...Array.from({ length: JOIN.strings }, () => joinText)] : []
}

const joinText: ValueType = { kind: 'array', element: integer(8, true), length: JOIN.textBytes, text: true }

/** The texts of a join(), from its blocks. */
export function joinTexts([count = new Uint8Array(8), ...texts]: readonly Uint8Array[]): Uint8Array[] {
  const given = new DataView(count.buffer, count.byteOffset).getUint32(0, true)
  return texts.slice(0, given).map((text) => {
    const end = text.indexOf(0)
    return end === -1 ? text : text.subarray(0, end)
  })
}
