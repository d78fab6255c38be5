import { ByteReader } from '../bytes/byte-reader.js'
import { type ElfImage, sectionNamed } from './elf-image.js'
import { sectionBytes } from './symbol-tables.js'

/** .gnu_debuglink: the name of a separate debug file and the CRC-32 of its contents (GDB manual, "Separate Debug Files"). */
export interface DebugLink {
  readonly fileName: string
  readonly crc: number
}

export function debugLink(image: ElfImage): DebugLink | undefined {
  const section = sectionNamed(image, '.gnu_debuglink')
  if (section === undefined) return undefined
  const reader = new ByteReader(sectionBytes(image, section))
  const fileName = reader.cstring()
  reader.seek(Math.ceil(reader.offset / 4) * 4)
  const crc = reader.u32()
  // A name with a slash would lead the search out of the debug directories.
  return fileName === '' || fileName.includes('/') ? undefined : { fileName, crc }
}
