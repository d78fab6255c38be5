import { type ElfImage, rawSectionBytes, sectionNamed } from '../elf/elf-image.js'
import { parseDebugElf } from '../elf/parse-elf.js'
import { isRefusal } from '../refusal/refusal.js'

/** An uncompressed symbol table is some megabytes; a few hostile kilobytes of xz could unfold to anything. */
const MAX_UNCOMPRESSED = 1 << 28

/**
 * The ELF file inside .gnu_debugdata: an xz-compressed .symtab of the functions that .dynsym lacks, which Fedora and its
 * kin leave in stripped files (GDB manual, "MiniDebugInfo"). Undefined where there is none, or none that can be read.
 */
export async function miniDebugInfo(image: ElfImage): Promise<ElfImage | undefined> {
  const section = sectionNamed(image, '.gnu_debugdata')
  if (section === undefined) return undefined
  const bytes = await unxz(rawSectionBytes(image, section))
  const debug = bytes && parseDebugElf(bytes)
  return debug === undefined || isRefusal(debug) ? undefined : debug
}

/** Undefined for what is no xz stream, or one too large. */
async function unxz(compressed: Uint8Array): Promise<Uint8Array | undefined> {
  // Few modules need the decompressor: it is loaded when one does.
  const { default: xz } = await import('xz-decompress')
  const reader = new xz.XzReadableStream(new Blob([compressed]).stream()).getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return Buffer.concat(chunks)
      chunks.push(value)
      size += value.length
      if (size <= MAX_UNCOMPRESSED) continue
      await reader.cancel()
      return undefined
    }
  } catch (error) {
    // The library's own errors say no more than that the stream is damaged.
    if (!(error instanceof Error)) throw error
    return undefined
  }
}
