import { assert } from '../bytes/assert.js'
import type { Effect, RunWarning } from '../codegen/interpreter/effect.js'
import type { HitEnvironment } from '../codegen/interpreter/hit-environment.js'
import type { ProgramMaps } from '../codegen/interpreter/program-maps.js'
import { runHandler } from '../codegen/interpreter/run-handler.js'
import { bytesOfValue, type Value } from '../codegen/interpreter/value.js'
import type { Event } from '../ir/event.js'
import type { Program } from '../ir/program.js'
import { int64, type ValueType } from '../ir/value-type.js'
import { BurstWriter } from '../record/burst.js'
import type { DataValue } from '../record/data-value.js'
import { type DecodeContext, decodeValue } from '../record/decode-value.js'
import { eventAction } from '../record/event-action.js'
import { type MapRecord, mapRecord } from '../record/map-record.js'
import { type PrintfWriter, printfWriter } from '../record/printf-writer.js'
import { RowWriter } from '../record/row-writer.js'
import type { ValueNames } from '../record/value-names.js'
import type { EventBatch } from '../store/event-batch.js'
import { eventPayload, joinTexts } from '../store/event-layout.js'
import type { AttachPoint } from './attach-point.js'
import type { EventRun } from './merge-events.js'
import type { RunSink } from './run-action.js'
import { WarningCounts } from './warning-counts.js'

/** Sends a signal to the thread, or the process, that a hit belongs to. */
export type SignalSender = (effect: Effect & { kind: 'signal' }) => void

/** A program at work: runs handlers, keeps its maps, and turns what handlers emit into actions. */
export class ProgramRun {
  readonly #context: DecodeContext
  readonly #warnings: WarningCounts
  /** By event: what writes its text, of those that are printed. */
  readonly #printfs: readonly (PrintfWriter | undefined)[]
  /** What is printed and not shown yet. */
  readonly #burst = new BurstWriter()
  readonly #rows: RowWriter
  #exited = false

  constructor(
    readonly program: Program,
    readonly maps: ProgramMaps,
    names: ValueNames,
    private readonly sink: RunSink,
  ) {
    const { records, enums, config } = program
    this.#context = { records, enums, names, stringTrailer: config.stringTrailer }
    this.#warnings = new WarningCounts(sink)
    this.#rows = new RowWriter(program)
    this.#printfs = program.events.map((event, at) => {
      const { types, offsets } = eventPayload(program, at)
      return event.kind === 'printf' ? printfWriter(event.format, types, offsets, this.#context) : undefined
    })
  }

  /** `exit()` was called: only END runs from here on. */
  get hasExited(): boolean {
    return this.#exited
  }

  /** Runs the handler of an attach point. */
  fire(
    { handler: index, request }: Pick<AttachPoint, 'handler' | 'request'>,
    environment: HitEnvironment,
    sendSignal: SignalSender,
  ): void {
    if (this.#exited && request.kind !== 'end') return
    const handler = this.program.handlers[index]
    assert(handler !== undefined, `there is no handler ${index}`)
    const { effects, warnings } = runHandler(this.program, handler, environment, this.maps)
    for (const warning of warnings) this.#warnings.add(warning)
    for (const effect of effects) {
      if (effect.kind === 'signal') sendSignal(effect)
      else this.perform(effect)
    }
  }

  /** Does what a handler has emitted, here or elsewhere. */
  perform(effect: Exclude<Effect, { kind: 'signal' }>): void {
    const event = this.program.events[effect.event]
    assert(event !== undefined, `there is no event ${effect.event}`)
    if (event.kind === 'row') {
      this.#rows.addIntegers(effect.event, effect.kind === 'event' ? effect.values : [])
      this.#showCollected()
      return
    }
    const values = effect.kind === 'join' ? effect.texts.map(textValue) : this.#decode(event, effect.values)
    const action = eventAction(event, values, (map) => this.maps.snapshot(map), this.#context)
    if (action.kind === 'clear' || action.kind === 'zero') this.maps[action.kind](action.map)
    else this.sink(action)
    if (action.kind === 'exit') this.#exited = true
  }

  /** Does what handlers elsewhere have emitted, in order. */
  performAll(runs: readonly EventRun[]): void {
    for (const { events, from, to } of runs) {
      for (let at = from; at < to && !this.#exited; at++) this.#performOne(events, at)
    }
    this.#showCollected()
  }

  /** What is printed is collected, and so are rows. */
  #performOne(events: EventBatch, at: number): void {
    const event = events.eventAt(at)
    if (this.#rows.isRow(event)) {
      this.#rows.add(event, events.bytes, events.payloadAt(at))
      return
    }
    const write = this.#printfs[event]
    if (write === undefined) {
      this.#showCollected()
      this.perform(effectOf(this.program, event, events.valuesAt(at)))
      return
    }
    write(this.#burst.text, events.bytes, events.payloadAt(at))
    this.#burst.end()
  }

  #showCollected(): void {
    if (!this.#burst.isEmpty) this.sink({ kind: 'show', record: this.#burst.take() })
    if (!this.#rows.isEmpty) this.sink({ kind: 'show', record: this.#rows.take() })
  }

  /** Something has gone wrong in a handler that ran elsewhere. */
  warn(warning: RunWarning): void {
    this.#warnings.add(warning)
  }

  /** Says what is said when everything has run: the maps, and warnings that came more than once. */
  finish(): void {
    this.#warnings.sum()
    this.sink({ kind: 'show', record: { kind: 'end' } })
    if (!this.program.config.printMapsOnExit) return
    for (const map of this.readMaps()) this.sink({ kind: 'show', record: { kind: 'map', map } })
  }

  /** All maps, in the order of their names. */
  readMaps(): MapRecord[] {
    const shown = [...this.program.maps.entries()].filter(([, { isHidden }]) => isHidden !== true)
    const order = shown.sort(([, a], [, b]) => (a.name < b.name ? -1 : 1))
    return order.map(([map]) => mapRecord(this.maps.snapshot(map), { top: 0, div: 1n }, this.#context))
  }

  #decode(event: Event, values: readonly Value[]): DataValue[] {
    const types: readonly ValueType[] = event.kind === 'exit' ? [int64] : 'types' in event ? event.types : []
    return values.map((value, at) => {
      const type = types[at]
      assert(type !== undefined, 'every value of an event has a type')
      return decodeValue(bytesOfValue(type, value), type, this.#context)
    })
  }
}

function effectOf(
  { events }: Program,
  event: number,
  values: readonly Uint8Array[],
): Exclude<Effect, { kind: 'signal' }> {
  return events[event]?.kind === 'join'
    ? { kind: 'join', event, texts: joinTexts(values) }
    : { kind: 'event', event, values }
}

function textValue(bytes: Uint8Array): DataValue {
  return { kind: 'text', text: Buffer.from(bytes).toString('utf8') }
}
