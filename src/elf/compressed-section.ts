import { constants, inflateSync } from 'node:zlib'
import { decompress } from 'fzstd'
import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'

const ELFCOMPRESS_ZLIB = 1
const ELFCOMPRESS_ZSTD = 2
/** A hostile section of a few kilobytes could otherwise fill the memory. */
const MAX_UNCOMPRESSED = 1 << 28

/** Contents of a section with SHF_COMPRESSED: `Elf64_Chdr`, then a zlib or zstd stream (gABI chapter 4). */
export function decompressSection(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes)
  const type = reader.u32()
  reader.skip(4)
  const size = reader.u64()
  reader.skip(8)
  if (size > MAX_UNCOMPRESSED) throw new MalformedInput(`a compressed section claims ${size} bytes`)
  const stream = reader.slice(reader.remaining)
  if (type === ELFCOMPRESS_ZLIB) return inflate(stream, size)
  if (type === ELFCOMPRESS_ZSTD) return unzstd(stream, size)
  throw new MalformedInput(`compression type ${type} is unknown`)
}

function inflate(stream: Uint8Array, size: number): Uint8Array {
  return decompressed(size, () =>
    inflateSync(stream, { maxOutputLength: size + 1, finishFlush: constants.Z_SYNC_FLUSH }),
  )
}

function unzstd(stream: Uint8Array, size: number): Uint8Array {
  return decompressed(size, () => decompress(stream, new Uint8Array(size)))
}

/** Both libraries throw errors of their own for bad input; that is malformed input and nothing else. */
function decompressed(size: number, run: () => Uint8Array): Uint8Array {
  let result: Uint8Array
  try {
    result = run()
  } catch (error) {
    throw new MalformedInput(
      `a compressed section cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  if (result.length !== size) throw new MalformedInput(`a compressed section has ${result.length} bytes, not ${size}`)
  return result
}
