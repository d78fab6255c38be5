import { hex } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import { type DecodedModule, decodedFunction, mayJumpThroughRegister } from './decoded-module.js'
import type { FunctionCode } from './function-code.js'
import { likelyTableTargets, tableTargets } from './jump-tables.js'
import { inWindow, type WindowBits } from './window-bits.js'
import type { WindowShape } from './window-shape.js'

/** Addresses in wanted windows that a jump table entry may lead to, with the start of the function whose table it is. */
export type TableEntries = ReadonlyMap<number, number>

/**
 * Reads the jump tables of the whole module, not only those of the functions with windows: where a compiler has split a
 * function, the table of one part leads into the other. In the function itself everything counts that a table may hold;
 * elsewhere each table ends where another table or constant begins, or every table's neighbours would seem to be part of it.
 */
export function scanTables(module: DecodedModule, windows: readonly WindowBits[]): TableEntries {
  const found = new Map<number, number>()
  const owners = tableOwners(module)
  const objects = Float64Array.from(owners.flatMap(({ addresses }) => [...addresses])).sort()
  for (const owner of owners) {
    const { start, end } = owner.bounds
    for (const target of tableTargets(module.code, owner)) {
      if (target >= start && target < end && inWindow(windows, target)) found.set(target, start)
    }
    for (const target of likelyTableTargets(module.code, owner, objects)) {
      if (inWindow(windows, target)) found.set(target, start)
    }
  }
  return found
}

function tableOwners(module: DecodedModule): FunctionCode[] {
  return module.code.facts.functions
    .filter((bounds) => mayJumpThroughRegister(module, bounds))
    .map((bounds) => decodedFunction(module, bounds))
    .filter(({ indirectJumps }) => indirectJumps.some(({ register }) => register !== undefined))
}

/**
 * Proves that no table entry leads into the jump at a site. An entry is the beginning of an instruction: words behind a
 * table, read as if they were entries, would lead elsewhere.
 */
export function tableEntryInto(entries: TableEntries, site: number, { displaced }: WindowShape): Refusal | undefined {
  for (const { offset } of displaced.slice(1)) {
    const owner = entries.get(site + offset)
    if (owner === undefined) continue
    const because = `a jump table of the function at ${hex(owner)} may lead to ${hex(site + offset)}, inside the jump`
    return refuse('symbol-in-window', because)
  }
  return undefined
}
