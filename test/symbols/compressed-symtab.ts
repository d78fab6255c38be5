import { execFileSync } from 'node:child_process'
import { deflateSync } from 'node:zlib'
import { SHT } from '../../src/elf/section-headers.js'
import { findTool } from '../programs/build.js'

const SHF_COMPRESSED = 0x800
const HEADER = 64

/** The ELF file with its .symtab compressed; undefined where the compressor is not installed. */
export function compressSymtab(file: Buffer, format: 'zlib' | 'zstd'): Buffer | undefined {
  const header = symtabHeader(file)
  const offset = Number(file.readBigUInt64LE(header + 24))
  const size = Number(file.readBigUInt64LE(header + 32))
  const contents = file.subarray(offset, offset + size)
  const stream = format === 'zlib' ? deflateSync(contents) : zstd(contents)
  if (stream === undefined) return undefined
  const chdr = Buffer.alloc(24)
  chdr.writeUInt32LE(format === 'zlib' ? 1 : 2, 0)
  chdr.writeBigUInt64LE(BigInt(size), 8)
  const result = Buffer.concat([file, chdr, stream])
  result.writeBigUInt64LE(result.readBigUInt64LE(header + 8) | BigInt(SHF_COMPRESSED), header + 8)
  result.writeBigUInt64LE(BigInt(file.length), header + 24)
  result.writeBigUInt64LE(BigInt(chdr.length + stream.length), header + 32)
  return result
}

function symtabHeader(file: Buffer): number {
  const start = Number(file.readBigUInt64LE(40))
  const count = file.readUInt16LE(60)
  const found = Array.from({ length: count }, (_, i) => start + i * HEADER).find(
    (at) => file.readUInt32LE(at + 4) === SHT.SYMTAB,
  )
  if (found === undefined) throw new Error('the test program has no .symtab')
  return found
}

function zstd(contents: Uint8Array): Buffer | undefined {
  const tool = findTool('zstd')
  return tool === undefined ? undefined : execFileSync(tool, ['-c', '-q'], { input: contents })
}
