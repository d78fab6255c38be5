import { bytesFrom, isText, type ModuleCode } from './module-code.js'
import type { FunctionCode } from './function-code.js'

/**
 * The entries of a position-independent jump table at `base`: `base + int32` each, how gcc, clang and rustc all write
 * them (`lea table(%rip),b; movslq (b,i,4),x; add b,x; jmp *x`). No table says how long it is. All its entries are
 * code, so reading on for as long as entries are code covers it, and more: a superset. Entries may lead into another
 * part of a function that the compiler has split, so they need not be in the same function.
 */
export function* tableEntries(code: ModuleCode, base: number): Generator<number> {
  const bytes = bytesFrom(code, base)
  if (bytes === undefined) return
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let offset = 0; offset + 4 <= bytes.length; offset += 4) {
    const entry = base + view.getInt32(offset, true)
    if (!isText(code, entry)) return
    yield entry
  }
}

/** Every address that a table may hold whose base this function forms. */
export function tableTargets(code: ModuleCode, owner: FunctionCode): Set<number> {
  const targets = new Set<number>()
  for (const base of owner.addresses) {
    for (const entry of tableEntries(code, base)) targets.add(entry)
  }
  return targets
}
