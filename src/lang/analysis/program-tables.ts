import type { Event } from '../../ir/event.js'
import type { RecordLayout } from '../../ir/layout.js'
import type { ProgramConfig } from '../../ir/program.js'

/** What the handlers of a program share. */
export interface ProgramTables {
  readonly records: ReadonlyMap<string, RecordLayout>
  readonly enums: ReadonlyMap<string, ReadonlyMap<bigint, string>>
  /** The enum and value of each name that an enum defines. */
  readonly enumMembers: ReadonlyMap<string, { readonly enumName: string; readonly value: bigint }>
  readonly config: ProgramConfig
  readonly events: Event[]
  /** Names of maps, in the order in which the script uses them. */
  readonly mapNames: string[]
}

export function mapIndex(tables: ProgramTables, name: string): number {
  const known = tables.mapNames.indexOf(name)
  return known === -1 ? tables.mapNames.push(name) - 1 : known
}

export function addEvent(tables: ProgramTables, event: Event): number {
  return tables.events.push(event) - 1
}
