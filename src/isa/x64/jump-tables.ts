import type { FunctionCode } from './function-code.js'
import { bytesFrom, isText, type ModuleCode } from './module-code.js'
import { upperBound } from './sorted-search.js'

/**
 * The entries of a position-independent jump table: `base + int32` each. No table says how long it is. All its entries
 * are code, so reading on for as long as entries are code covers it, and more: a superset. Entries may lead into another
 * part of a function that the compiler has split, so they need not be in the same function.
 */
function addEntries(code: ModuleCode, table: number, end: number, base: number, targets: Set<number>): void {
  const bytes = bytesFrom(code, table)
  if (bytes === undefined) return
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, end - table))
  for (let offset = 0; offset + 4 <= view.byteLength; offset += 4) {
    const entry = base + view.getInt32(offset, true)
    if (!isText(code, entry)) return
    targets.add(entry)
  }
}

/**
 * Every address that a jump table of this function may hold, and more. gcc, clang and rustc add an entry to the address
 * of its table (`lea table(%rip),b; movslq (b,i,4),x; add b,x; jmp *x`); a table of label differences in the source
 * (`&&this - &&that`) is added to a label of the function. Both are formed by lea in the function that uses them.
 */
export function tableTargets(code: ModuleCode, owner: FunctionCode): Set<number> {
  return targetsOf(code, owner, () => Infinity)
}

/**
 * The same, with each table taken to end where the next of `objects` begins (sorted addresses of objects). Closer to the
 * truth, but no superset: code may form an address with a bias, which then lies in the middle of another object.
 */
export function likelyTableTargets(code: ModuleCode, owner: FunctionCode, objects: Float64Array): Set<number> {
  return targetsOf(code, owner, (table) => objects[upperBound(objects, table)] ?? Infinity)
}

function targetsOf(
  code: ModuleCode,
  { bounds, addresses }: FunctionCode,
  endOf: (table: number) => number,
): Set<number> {
  const targets = new Set<number>()
  const labels = [...addresses].filter((address) => address >= bounds.start && address < bounds.end)
  for (const table of addresses) {
    const end = endOf(table)
    addEntries(code, table, end, table, targets)
    for (const label of labels) addEntries(code, table, end, label, targets)
  }
  return targets
}
