import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { test } from 'node:test'
import { type Address, address } from '../../src/bytes/address.js'
import type { ElfImage } from '../../src/elf/elf-image.js'
import { parseLoadedElf } from '../../src/elf/loaded-elf.js'
import { parseElf } from '../../src/elf/parse-elf.js'
import { isRefusal, type Refusal } from '../../src/refusal/refusal.js'
import { codeFacts } from '../../src/symbols/code-facts.js'
import { loadModuleSymbols } from '../../src/symbols/load-module-symbols.js'
import { noFiles } from './loaded-module.js'

/** The first mapping of each ELF file in this process. */
function ownModules(): Map<string, Address> {
  const modules = new Map<string, Address>()
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const [, start = '', path = ''] = /^(\w+)-\w+ r--p 00000000 \S+ \d+ +(\/\S+\.so\S*)$/.exec(line) ?? []
    if (path !== '' && !modules.has(path)) modules.set(path, address(BigInt(`0x${start}`)))
  }
  return modules
}

function readOwnMemory(start: Address, size: number): Uint8Array {
  const memory = openSync('/proc/self/mem', 'r')
  try {
    const bytes = Buffer.alloc(size)
    return bytes.subarray(0, readSync(memory, bytes, 0, size, start))
  } finally {
    closeSync(memory)
  }
}

/** What can be known without sections, from the file and from memory alike. */
async function knowledgeOf(image: ElfImage | Refusal) {
  assert.ok(!isRefusal(image))
  const loaded = await loadModuleSymbols(image, { path: '/module', files: noFiles })
  assert.ok(!isRefusal(loaded))
  const facts = codeFacts(image, loaded)
  assert.ok(!isRefusal(facts))
  return { functions: loaded.symbols.functions, labels: facts.labels, bounds: facts.functions, framed: facts.framed }
}

test('a module read from memory tells the same as its file without section headers', async (t) => {
  const modules = ownModules()
  if (modules.size === 0) return t.skip('node is linked statically')
  for (const [path, start] of modules) {
    const file = readFileSync(path)
    file.fill(0, 40, 48)
    file.fill(0, 60, 62)
    const { labels, ...inMemory } = await knowledgeOf(parseLoadedElf(start, readOwnMemory))
    const { labels: labelsInFile, ...inFile } = await knowledgeOf(parseElf(file))
    assert.deepEqual(inMemory, inFile, path)
    // Slots that have been bound no longer name the second instructions of their stubs.
    const known = new Set(labelsInFile)
    assert.ok(labels.every((label) => known.has(label)) && labels.length > labelsInFile.length * 0.9, path)
  }
})

test('memory that is no ELF file, or ends early, is refused', () => {
  const [start] = ownModules().values()
  assert.ok(isRefusal(parseLoadedElf(address(0), () => Buffer.alloc(4096))))
  assert.ok(isRefusal(parseLoadedElf(address(0), () => Buffer.alloc(0))))
  if (start === undefined) return
  const firstPageOnly = (at: Address, size: number) =>
    at === start && size === 4096 ? readOwnMemory(at, size) : Buffer.alloc(0)
  assert.ok(isRefusal(parseLoadedElf(start, firstPageOnly)))
})
