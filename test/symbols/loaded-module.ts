import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import type { ElfImage } from '../../src/elf/elf-image.js'
import type { CodeFacts } from '../../src/isa/code-facts.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { codeFacts } from '../../src/symbols/code-facts.js'
import { type LoadedSymbols, loadModuleSymbols } from '../../src/symbols/load-module-symbols.js'
import type { FileSource } from '../../src/symbols/separate-debug-file.js'
import { openElf } from '../elf/elf-files.js'

export interface LoadedModule extends LoadedSymbols {
  readonly image: ElfImage
}

/** The files of this machine. */
export const diskFiles: FileSource = {
  read: (path) => (existsSync(path) ? readFileSync(path) : undefined),
}

export const noFiles: FileSource = { read: () => undefined }

export async function loadModule(path: string, files: FileSource = noFiles): Promise<LoadedModule> {
  const image = openElf(path)
  const loaded = await loadModuleSymbols(image, { path, files })
  assert.ok(!isRefusal(loaded), `the symbols of ${path} can be read`)
  return { ...loaded, image }
}

export function factsOf(module: LoadedModule): CodeFacts {
  const facts = codeFacts(module.image, module)
  assert.ok(!isRefusal(facts))
  return facts
}
