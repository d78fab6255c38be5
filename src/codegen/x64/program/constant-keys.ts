import type { Program } from '../../../ir/program.js'
import { isAggregate, isScalar } from '../../../ir/value-type.js'
import { statementsIn } from '../../../ir/walk-statement.js'
import { aggregateWords } from '../../../store/aggregate-layout.js'
import type { KnownKeys } from '../../../store/program-layout.js'
import type { SiteHandler } from './handler-code.js'
import { knownValue } from './simple-operand.js'

/** Of a map, in the slot of each thread. */
const MAX_BYTES = 1 << 16

/**
 * The keys of those maps into which handlers only take values, under keys that are known at each site, like `@[probe] = hist(…)`. Threads
 * can then have parts of them, which need no search and no lock.
 */
export function constantKeys(program: Program, handlers: readonly SiteHandler[]): KnownKeys {
  const keys = new Map<number, Set<bigint>>()
  const others = new Set(changedByEvents(program))
  for (const { handler, constant } of handlers) {
    for (const statement of statementsIn(handler.body)) {
      if (!('map' in statement)) continue
      const isTaken = statement.op === 'map-aggregate' && statement.key !== undefined
      const key = isTaken ? knownValue(constant, statement.key) : undefined
      if (key === undefined) others.add(statement.map)
      else keys.set(statement.map, (keys.get(statement.map) ?? new Set()).add(key))
    }
  }
  const fitting = [...keys].filter(([map, { size }]) => !others.has(map) && fits(program, map, size))
  return new Map(fitting.map(([map, known]) => [map, [...known]]))
}

function changedByEvents({ events }: Program): number[] {
  return events.flatMap((event) => (event.kind === 'clear' || event.kind === 'zero' ? [event.map] : []))
}

function fits({ maps }: Program, map: number, keys: number): boolean {
  const declaration = maps[map]
  if (declaration?.key === undefined || !isScalar(declaration.key) || !isAggregate(declaration.value)) return false
  return keys <= declaration.maxKeys && 8 * aggregateWords(declaration.value) * keys <= MAX_BYTES
}
