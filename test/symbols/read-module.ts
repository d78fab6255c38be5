import assert from 'node:assert/strict'
import { vaddr } from '../../src/bytes/address.js'
import { parseElf } from '../../src/elf/parse-elf.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { codeFacts } from '../../src/symbols/code-facts.js'
import { loadModuleSymbols } from '../../src/symbols/load-module-symbols.js'
import { noFiles } from './loaded-module.js'

/** Everything that ring3 reads of a module. Returns how far it came. */
export async function readModule(bytes: Uint8Array): Promise<string> {
  const image = parseElf(bytes)
  if (isRefusal(image)) return image.code
  const loaded = await loadModuleSymbols(image, { path: '/module', files: noFiles })
  if (isRefusal(loaded)) return loaded.code
  const { symbols } = loaded
  symbols.match('*a*')
  symbols.find('main')
  symbols.at(vaddr(0x1000))
  symbols.containing(image.header.entry)
  for (const f of symbols.functions) assert.ok(Number.isSafeInteger(f.vaddr) && Number.isSafeInteger(f.size))
  const facts = codeFacts(image, loaded)
  return isRefusal(facts) ? facts.code : 'read'
}
