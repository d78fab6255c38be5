import { type Address, address, type Vaddr, vaddr } from '../bytes/address.js'
import { malformedAsRefusal } from '../elf/malformed-as-refusal.js'
import { R_X86_64, type Relocations, relocations } from '../elf/relocations.js'
import { STT, type SymbolTable } from '../elf/symbol-table.js'
import { dynsym } from '../elf/symbol-tables.js'
import { isRefusal } from '../refusal/refusal.js'
import type { Memory } from '../target/memory.js'
import { addressOf, type LoadedModule } from '../target/module.js'

/**
 * What the module's IFUNC resolvers have chosen in this process: implementation by resolver, link-time addresses. Read from
 * the module's own linkage table, where the loader wrote the choice (IRELATIVE, or a symbol of type IFUNC).
 */
export function ifuncTargets(memory: Memory, module: LoadedModule): ReadonlyMap<Vaddr, Vaddr> {
  const found = malformedAsRefusal(() => readTargets(memory, module))
  return isRefusal(found) ? new Map() : found
}

function readTargets(memory: Memory, module: LoadedModule): Map<Vaddr, Vaddr> {
  const table = relocations(module.image)
  const chosen = new Map<Vaddr, Vaddr>()
  const symbols = dynsym(module.image)
  for (let row = 0; row < table.count; row++) {
    const resolver = resolverOf(table, row, symbols)
    if (resolver === undefined || chosen.has(resolver)) continue
    const implementation = readWord(memory, addressOf(module, vaddr(table.places[row] ?? 0)))
    if (implementation === undefined || implementation < module.start || implementation >= module.end) continue
    chosen.set(resolver, vaddr(Number(implementation - module.bias)))
  }
  return chosen
}

const bySymbol: ReadonlySet<number> = new Set([R_X86_64.GLOB_DAT, R_X86_64.JUMP_SLOT, R_X86_64.WORD64])

function resolverOf(table: Relocations, row: number, symbols: SymbolTable): Vaddr | undefined {
  const type = table.types[row]
  if (type === R_X86_64.IRELATIVE) return vaddr(table.addends[row] ?? 0)
  const index = table.symbols[row] ?? 0
  if (type === undefined || !bySymbol.has(type) || index >= symbols.count) return undefined
  return symbols.type(index) === STT.GNU_IFUNC ? vaddr(symbols.value(index)) : undefined
}

function readWord(memory: Memory, at: Address): Address | undefined {
  const word = memory.tryRead(at, 8)
  return word.length < 8 ? undefined : address(word.readBigUInt64LE())
}
