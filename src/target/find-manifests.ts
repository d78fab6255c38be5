import { offsetBy, PAGE_SIZE } from '../bytes/address.js'
import { decodeManifest, type FoundManifest, HEADER_SIZE, hasManifest, MANIFEST_MAGIC } from './manifest.js'
import { isForged } from './manifest-proof.js'
import type { Mapping } from './memory-map.js'
import { TargetModules } from './target-modules.js'
import type { TargetProcess } from './target-process.js'

/** The manifests in a target's memory, but for those that cannot be ring3's. @throws KernelError */
export function findManifests(target: TargetProcess, maps: readonly Mapping[]): FoundManifest[] {
  const found = [
    ...maps.filter(mayBeArea).flatMap((mapping) => manifestsIn(target, mapping)),
    ...maps.filter(mayHoldPadding).flatMap((mapping) => manifestInPadding(target, mapping)),
  ]
  const modules = new TargetModules(target, maps)
  return found.filter((each) => !isForged(target.memory, maps, modules, each))
}

function mayBeArea(mapping: Mapping): boolean {
  return mapping.executable && !mapping.writable && !mapping.shared && mapping.path === '' && mapping.inode === 0n
}

function mayHoldPadding(mapping: Mapping): boolean {
  return mapping.executable && !mapping.shared && mapping.inode !== 0n
}

/** Areas that lie side by side are one mapping to the kernel. */
function manifestsIn(target: TargetProcess, mapping: Mapping): FoundManifest[] {
  const found: FoundManifest[] = []
  let at = mapping.start
  while (at < mapping.end && hasManifest(target.memory.tryRead(at, HEADER_SIZE))) {
    const manifest = decodeManifest(target.memory.tryRead(at, Number(mapping.end - at)))
    if (manifest === undefined || manifest.codeSize === 0 || manifest.backing !== 'mapped') break
    found.push({ start: at, manifest })
    at = offsetBy(at, manifest.codeSize)
  }
  return found
}

/** An area in the unused end of a module's last page of code. */
function manifestInPadding(target: TargetProcess, mapping: Mapping): FoundManifest[] {
  const page = offsetBy(mapping.end, -PAGE_SIZE)
  const bytes = target.memory.tryRead(page, PAGE_SIZE)
  const at = bytes.lastIndexOf(MANIFEST_MAGIC)
  const manifest = at < 0 ? undefined : decodeManifest(bytes.subarray(at))
  return manifest?.backing === 'padding' ? [{ start: offsetBy(page, at), manifest }] : []
}
