import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { RunWarning } from '../../../src/codegen/interpreter/effect.js'
import { bytesOfValue } from '../../../src/codegen/interpreter/value.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import type { EventBatch } from '../../../src/store/event-batch.js'
import { eventPayload, joinTexts } from '../../../src/store/event-layout.js'
import type { MapSnapshot } from '../../../src/store/map-snapshot.js'
import { placeKey, type WarningPlace } from '../../../src/store/warning-places.js'
import { eventList } from '../../store/event-list.js'
import { type Interpretation, interpretCase } from './interpret-case.js'
import { type CaseOutcome, type RunCase, runCases } from './run-cases.js'

/** How many of the cases ran as machine code, and why the others did not. */
export interface Agreement {
  readonly ran: number
  readonly refused: ReadonlyMap<string, number>
}

/** Runs cases as machine code and through the interpreter. Fails with `describe(index)` where they differ. */
export function assertAgreement(cases: readonly RunCase[], describe: (index: number) => string): Agreement {
  const refused = new Map<string, number>()
  const outcomes = runCases(cases)
  for (const [at, outcome] of outcomes.entries()) {
    if (isRefusal(outcome)) refused.set(outcome.because, (refused.get(outcome.because) ?? 0) + 1)
    else assertSame(cases[at] ?? assert.fail(), outcome, describe(at))
  }
  return { ran: outcomes.filter((outcome) => !isRefusal(outcome)).length, refused }
}

function assertSame(one: RunCase, outcome: CaseOutcome, description: string): void {
  const { problems, reader } = outcome
  assert.deepEqual(problems, [], description)
  const wanted = interpretCase(one)
  for (const [map, snapshot] of wanted.snapshots.entries())
    assert.deepEqual(plainSnapshot(reader.snapshot(map)), plainSnapshot(snapshot), description)
  assertSameEvents(one, outcome, plainEffects(one, wanted), description)
  assert.deepEqual(plainWarnings(reader.warnings()), plainWarnings(wanted.warnings), description)
}

/** In an order that does not depend on who made it. */
function plainSnapshot({ declaration, entries }: MapSnapshot): [string, string][] {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  return entries
    .map(({ key, value }): [string, string] => [
      `${declaration.name}[${key === undefined ? '' : hex(key)}]`,
      'kind' in value ? stateText(value) : hex(value),
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function stateText(state: object): string {
  return JSON.stringify(state, (_key, value: unknown) => {
    if (typeof value === 'bigint') return String(value)
    if (!(value instanceof Map)) return value
    return [...value]
      .map(([bucket, count]) => [String(bucket), count])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  })
}

function plainWarnings(warnings: readonly (WarningPlace & Pick<RunWarning, 'count'>)[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const warning of warnings) counts.set(placeKey(warning), (counts.get(placeKey(warning)) ?? 0) + warning.count)
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** An event, and its values. */
type PlainEvent = readonly [event: number, values: readonly string[]]

/** Those that found no room are counted. */
function assertSameEvents(
  one: RunCase,
  outcome: CaseOutcome,
  wanted: readonly PlainEvent[],
  description: string,
): void {
  const drained = outcome.reader.usedSlots().map((slot) => outcome.rings.drain(slot))
  assert.ok(
    drained.every(({ isCorrupt }) => !isCorrupt),
    description,
  )
  const lost = drained.reduce((sum, each) => sum + Number(each.lost), 0)
  const received = drained.flatMap(({ events }) => plainRecords(one, events))
  if (lost === 0) assert.deepEqual(received, wanted, description)
  assert.equal(received.length + lost, wanted.length, description)
  let next = 0
  for (const event of wanted) if (isDeepStrictEqual(event, received[next])) next++
  assert.equal(next, received.length, `an event that was not to be, or out of order: ${description}`)
}

function plainRecords({ program }: RunCase, events: EventBatch): PlainEvent[] {
  return eventList(events).map(({ event, values }) => {
    const blocks = program.events[event]?.kind === 'join' ? joinTexts(values) : values
    return [event, blocks.map((value) => Buffer.from(value).toString('hex'))]
  })
}

function plainEffects({ program }: RunCase, { effects }: Interpretation): PlainEvent[] {
  return effects.flatMap((effect): PlainEvent[] => {
    if (effect.kind === 'signal') return []
    if (effect.kind === 'join') return [[effect.event, effect.texts.map((text) => Buffer.from(text).toString('hex'))]]
    const { types } = eventPayload(program, effect.event)
    const blocks = effect.values.map((value, at) => bytesOfValue(types[at] ?? assert.fail(), value))
    return [[effect.event, blocks.map((block) => Buffer.from(block).toString('hex'))]]
  })
}
