import { assert } from '../bytes/assert.js'
import { ByteReader } from '../bytes/byte-reader.js'

const HEADER_SIZE = 8
const MEMORY_SECTION = 5

/**
 * The module with a maximum for its only memory, in pages of 64 KiB (WebAssembly core specification, 5.5.8 "Memory
 * Section"). A module that is compiled without one can otherwise grow to 4 GiB.
 */
export function withMemoryLimit(wasm: Uint8Array, pages: number): Uint8Array {
  const reader = new ByteReader(wasm)
  reader.seek(HEADER_SIZE)
  while (reader.remaining > 0) {
    const start = reader.offset
    const id = reader.u8()
    const size = reader.uleb()
    if (id !== MEMORY_SECTION) {
      reader.skip(size)
      continue
    }
    const end = reader.offset + size
    assert(reader.u8() === 1, 'the module has one memory')
    assert(reader.u8() === 0, 'its memory has no maximum')
    const contents = [1, 1, ...uleb(reader.uleb()), ...uleb(pages)]
    return Buffer.concat([
      wasm.subarray(0, start),
      Uint8Array.of(id, ...uleb(contents.length), ...contents),
      wasm.subarray(end),
    ])
  }
  return wasm
}

function uleb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...uleb(value >>> 7)]
}
