import type { Program } from '../ir/program.js'
import type { ProgramData } from '../probe/program-plan.js'
import type { EventBatch } from '../store/event-batch.js'
import { EventRings } from '../store/event-ring.js'
import { SLOT, slotOffset } from '../store/program-layout.js'
import { type CountedWarning, ProgramReader } from '../store/program-reader.js'

import { type EventRun, mergeEvents, wholeRun } from './merge-events.js'

/** What has come out of a target since it was asked last. */
export interface Drained {
  /** In the order of their times. */
  readonly runs: readonly EventRun[]
  /** Events that found no room. */
  readonly lost: bigint
  /** Hits that were not handled, because there were more threads than slots. */
  readonly missed: bigint
  readonly warnings: readonly CountedWarning[]
  /** Whether a ring held more than is taken out in a round. */
  readonly hasMore: boolean
}

type DrainedSlot = Pick<Drained, 'lost' | 'hasMore'> & { readonly events: EventBatch }

/** Takes the events of a program out of its rings. */
export class EventDrain {
  readonly #rings: EventRings
  readonly #reader: ProgramReader
  readonly #slots = new Map<number, { readonly lost: bigint; readonly tail: bigint }>()
  readonly #warnings = new Map<string, number>()
  #missed = 0n
  /** Taken out, but perhaps younger than one that has not been: a round looks at one ring after the other. */
  #held: readonly EventRun[] = []
  /** The youngest that was seen before the last round. */
  #settled = 0

  constructor(
    program: Pick<Program, 'maps' | 'events'>,
    private readonly data: ProgramData,
  ) {
    const read = (offset: number, length: number): Uint8Array => data.read(offset, length)
    this.#rings = new EventRings(program, data.layout, read)
    this.#reader = new ProgramReader(program, data.layout, read)
  }

  /** One round over all rings, which takes a part of each. What may be younger than something that is still there is kept back. */
  drain(): Drained {
    return this.#round((drained) => this.#readyUntil(drained))
  }

  /** Rounds until nothing is left, of rings that nobody writes to any more. */
  *drainAll(): Generator<Drained> {
    // A target that goes on all the same is not followed for ever.
    for (let rounds = this.#rings.readsOfFullRing; rounds > 0; rounds--) {
      const drained = this.drain()
      yield drained
      if (!drained.hasMore) break
    }
    yield this.#round(() => Number.POSITIVE_INFINITY)
  }

  #round(readyUntil: (drained: readonly DrainedSlot[]) => number): Drained {
    const slots = this.#hasRings ? this.#reader.usedSlots() : []
    const drained = slots.map((slot) => this.#drainSlot(slot))
    const { runs, rest } = mergeEvents(
      [...this.#held, ...drained.map(({ events }) => wholeRun(events))],
      readyUntil(drained),
    )
    this.#held = rest
    this.#settled = drained.reduce((youngest, { events }) => Math.max(youngest, youngestOf(events)), this.#settled)
    const missed = this.#reader.missedHits()
    const missedNow = missed - this.#missed
    this.#missed = missed
    return {
      runs,
      lost: drained.reduce((sum, { lost }) => sum + lost, 0n),
      missed: missedNow,
      warnings: this.#newWarnings(),
      hasMore: drained.some(({ hasMore }) => hasMore),
    }
  }

  /** What is older than all that may still be in a ring. */
  #readyUntil(drained: readonly DrainedSlot[]): number {
    return drained
      .filter(({ hasMore }) => hasMore)
      .reduce((until, { events }) => Math.min(until, youngestOf(events)), this.#settled)
  }

  get #hasRings(): boolean {
    return this.data.layout.stackTablesOffset > this.data.layout.ringsOffset
  }

  #drainSlot(slot: number): DrainedSlot {
    const { events, tail, lost, isCorrupt, hasMore } = this.#rings.drain(slot)
    const before = this.#slots.get(slot) ?? { lost: 0n, tail: 0n }
    if (tail !== before.tail) this.data.write(slotOffset(this.data.layout, slot) + SLOT.tail, wordBytes(tail))
    this.#slots.set(slot, { lost, tail })
    // What was thrown away was one event at least.
    return { events, lost: lost - before.lost + (isCorrupt ? 1n : 0n), hasMore }
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

/** Of a ring's events: they are in its order. */
function youngestOf(events: EventBatch): number {
  return events.length === 0 ? 0 : events.timeAt(events.length - 1)
}

function wordBytes(word: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, word))
  return bytes
}
