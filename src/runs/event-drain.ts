import type { Program } from '../ir/program.js'
import type { ProgramData } from '../probe/program-plan.js'
import { type EventRecord, EventRings } from '../store/event-ring.js'
import { SLOT, slotOffset } from '../store/program-layout.js'
import { type CountedWarning, ProgramReader } from '../store/program-reader.js'

/** What has come out of a target since it was asked last. */
export interface Drained {
  /** In the order of their times. */
  readonly records: readonly EventRecord[]
  /** Events that found no room. */
  readonly lost: bigint
  /** Hits that were not handled, because there were more threads than slots. */
  readonly missed: bigint
  readonly warnings: readonly CountedWarning[]
}

/** Takes the events of a program out of its rings. */
export class EventDrain {
  readonly #rings: EventRings
  readonly #reader: ProgramReader
  readonly #slots = new Map<number, { readonly lost: bigint; readonly tail: bigint }>()
  readonly #warnings = new Map<string, number>()
  #missed = 0n
  /** Taken out, but perhaps younger than one that has not been: a round looks at one ring after the other. */
  #held: readonly EventRecord[] = []
  /** The youngest that was seen before the last round. */
  #settled = 0n

  constructor(
    program: Pick<Program, 'maps' | 'events'>,
    private readonly data: ProgramData,
  ) {
    const read = (offset: number, length: number): Uint8Array => data.read(offset, length)
    this.#rings = new EventRings(program, data.layout, read)
    this.#reader = new ProgramReader(program, data.layout, read)
  }

  /** One round over all rings. `all`: there will be no other. */
  drain(all: boolean): Drained {
    const slots = this.#hasRings ? this.#reader.usedSlots() : []
    const drained = slots.map((slot) => this.#drainSlot(slot))
    const records = [...this.#held, ...drained.flatMap((each) => each.records)].toSorted(byTime)
    const until = all ? undefined : this.#settled
    const ready = until === undefined ? records : records.filter(({ time }) => time <= until)
    this.#held = records.slice(ready.length)
    this.#settled = records.at(-1)?.time ?? this.#settled
    const missed = this.#reader.missedHits()
    const missedNow = missed - this.#missed
    this.#missed = missed
    const lost = drained.reduce((sum, each) => sum + each.lost, 0n)
    return { records: ready, lost, missed: missedNow, warnings: this.#newWarnings() }
  }

  get #hasRings(): boolean {
    return this.data.layout.size > this.data.layout.ringsOffset
  }

  #drainSlot(slot: number): { readonly records: readonly EventRecord[]; readonly lost: bigint } {
    const { records, tail, lost, isCorrupt } = this.#rings.drain(slot)
    const before = this.#slots.get(slot) ?? { lost: 0n, tail: 0n }
    if (tail !== before.tail) this.data.write(slotOffset(this.data.layout, slot) + SLOT.tail, wordBytes(tail))
    this.#slots.set(slot, { lost, tail })
    // What was thrown away was one event at least.
    return { records, lost: lost - before.lost + (isCorrupt ? 1n : 0n) }
  }

  #newWarnings(): CountedWarning[] {
    return this.#reader.warnings().flatMap((warning) => {
      const key = `${warning.kind} ${warning.span.start}`
      const before = this.#warnings.get(key) ?? 0
      this.#warnings.set(key, warning.count)
      return warning.count > before ? [{ ...warning, count: warning.count - before }] : []
    })
  }
}

function byTime(a: EventRecord, b: EventRecord): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0
}

function wordBytes(word: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, word))
  return bytes
}
