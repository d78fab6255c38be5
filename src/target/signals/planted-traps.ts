import { type Address, address, hex, offsetBy } from '../../bytes/address.js'
import { TABLE_SLOTS } from '../../codegen/x64/signals/handler-listing.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { Memory } from '../memory.js'
import type { CoreArea } from './core-area.js'

const INT3 = 0xcc
/** More sites than any table has. */
const MAX_SITES = 1 << 20

/** Where a trap leads that is in an area, and not in the program's text. */
export function behindTrap(trap: Address): Address {
  return offsetBy(trap, 1)
}

/** The tables of traps that the handlers look at. @throws KernelError */
export function publishedTraps(memory: Memory, core: CoreArea): Address[] {
  const slots = memory.read(core.at(core.places.traps), 8 * TABLE_SLOTS)
  const tables = Array.from({ length: TABLE_SLOTS }, (_, slot) => address(slots.readBigUInt64LE(8 * slot)))
  return tables.filter((table) => table !== 0n)
}

/** An int3 that one of the tables is for, and that is still in the text: whoever hits it needs the table. @throws KernelError */
export function stillPlanted(memory: Memory, tables: readonly Address[]): Refusal | undefined {
  const site = tables.flatMap((table) => sitesOf(memory, table)).find((at) => memory.tryRead(at, 1)[0] === INT3)
  if (site === undefined) return undefined
  return refuse('busy', `an int3 is still in the text at ${hex(site)}; what handles it stays`)
}

/** Of the traps in the program's text. */
function sitesOf(memory: Memory, table: Address): Address[] {
  const count = Math.min(MAX_SITES, Number(memory.read(table, 8).readBigUInt64LE()))
  const pairs = memory.read(table, 8 + 16 * count)
  return Array.from({ length: count }, (_, index) => 8 + 16 * index).flatMap((at) => {
    const trap = address(pairs.readBigUInt64LE(at))
    return pairs.readBigUInt64LE(at + 8) === behindTrap(trap) ? [] : [trap]
  })
}
