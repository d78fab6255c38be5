import type { Program } from '../ir/program.js'

/** What a program wants of the target's symbols. */
export interface NamesWanted {
  /** It shows addresses as symbols. */
  readonly symbols: boolean
  /** Symbols whose addresses it uses. */
  readonly addresses: ReadonlySet<string>
}

export function namesWanted(program: Program): NamesWanted {
  const addresses = new Set<string>()
  let symbols = false
  for (const node of nodesOf(program)) {
    if (!('kind' in node)) continue
    if (node.kind === 'usym' || node.kind === 'ustack') symbols = true
    if (node.kind === 'symbol-address' && 'name' in node) addresses.add(String(node.name))
  }
  return { symbols, addresses }
}

/** Every object of a program, which is plain data. */
function* nodesOf(value: unknown): Iterable<object> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  yield value
  const parts: readonly unknown[] = value instanceof Map ? [...value.values()] : Object.values(value)
  for (const part of parts) yield* nodesOf(part)
}
