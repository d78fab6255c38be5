import { debugLink } from '../elf/debug-link.js'
import type { ElfImage } from '../elf/elf-image.js'
import { parseDebugElf } from '../elf/parse-elf.js'
import { isRefusal } from '../refusal/refusal.js'
import { crc32 } from './crc32.js'

/** The files of the target, by the paths that the target sees: the caller resolves them in its mount namespace. */
export interface FileSource {
  /** Contents, or undefined where there is no such file or it cannot be read. */
  read(path: string): Uint8Array | undefined
}

const DEBUG_ROOT = '/usr/lib/debug'

/**
 * The file with the symbols that were stripped from `image`, searched as GDB does ("Separate Debug Files"): by build id,
 * else by .gnu_debuglink next to `modulePath`, in its `.debug`, and under `/usr/lib/debug`. Only one that proves to
 * belong to the image is taken.
 */
export function separateDebugFile(image: ElfImage, modulePath: string, files: FileSource): ElfImage | undefined {
  return byBuildId(image, files) ?? byDebugLink(image, modulePath, files)
}

function byBuildId(image: ElfImage, files: FileSource): ElfImage | undefined {
  const id = image.buildId
  if (id === undefined || id.length < 4) return undefined
  const bytes = files.read(`${DEBUG_ROOT}/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`)
  const debug = bytes && parseDebugElf(bytes)
  return debug !== undefined && !isRefusal(debug) && debug.buildId === id ? debug : undefined
}

function byDebugLink(image: ElfImage, modulePath: string, files: FileSource): ElfImage | undefined {
  const link = debugLink(image)
  if (link === undefined) return undefined
  const folder = modulePath.slice(0, modulePath.lastIndexOf('/'))
  for (const place of [folder, `${folder}/.debug`, `${DEBUG_ROOT}${folder}`]) {
    const path = `${place}/${link.fileName}`
    const bytes = path === modulePath ? undefined : files.read(path)
    if (bytes === undefined) continue
    const debug = parseDebugElf(bytes)
    if (!isRefusal(debug) && belongsTo(debug, image, link.crc)) return debug
  }
  return undefined
}

/** Equal build ids prove it; only where there are none is the CRC worth its time. */
function belongsTo(debug: ElfImage, image: ElfImage, crc: number): boolean {
  if (image.buildId !== undefined && debug.buildId !== undefined) return image.buildId === debug.buildId
  return crc32(debug.bytes) === crc
}
