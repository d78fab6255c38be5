import type { Address } from '../bytes/address.js'
import type { FoundManifest, Manifest, ManifestEdit } from './manifest.js'
import type { Memory, MemoryRange } from './memory.js'
import { type Mapping, mappingAt } from './memory-map.js'
import { codePadding, dataPadding } from './padding.js'
import type { TargetModules } from './target-modules.js'

/**
 * Whether a manifest cannot be ring3's, however well formed: the program may have written it, or hold it as data. Padding
 * that it names must be some module's, by what the module's file says; and where a jump of its stands, it must have
 * displaced what the file has there. A file that cannot be read speaks for no padding, and against no jump.
 */
export function isForged(
  memory: Memory,
  maps: readonly Mapping[],
  modules: TargetModules,
  { start, manifest }: FoundManifest,
): boolean {
  if (manifest.backing === 'padding' && !isInPadding(modules, start, manifest)) return true
  const standing = memory.readMany(manifest.edits.map(({ site, after }) => ({ start: site, size: after.length })))
  return manifest.edits.some(
    (edit, index) => standing[index]?.equals(edit.after) === true && !mayBeMade(maps, modules, edit),
  )
}

/** An area in padding takes it from the beginning on. */
function isInPadding(modules: TargetModules, start: Address, manifest: Manifest): boolean {
  const code = modules.at(start)
  const data = modules.at(manifest.dataAddress)
  if (code === undefined || data === undefined) return false
  const begins = (range: MemoryRange, at: Address, size: number): boolean => range.start === at && size <= range.size
  return (
    codePadding(code).some((range) => begins(range, start, manifest.codeSize)) &&
    dataPadding(data).some((range) => begins(range, manifest.dataAddress, manifest.dataSize))
  )
}

function mayBeMade(maps: readonly Mapping[], modules: TargetModules, { site, before }: ManifestEdit): boolean {
  const mapping = mappingAt(maps, site)
  if (mapping?.executable !== true) return false
  const original = modules.fileBytes(site, before.length)
  // A program may have moved its own text to anonymous memory, for the sake of large pages.
  return original === undefined ? mapping.inode !== 0n : Buffer.compare(original, before) === 0
}
