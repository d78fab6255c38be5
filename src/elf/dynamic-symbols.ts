import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import { DT } from './dynamic-section.js'
import { bytesAt, type ElfImage } from './elf-image.js'
import { StringTable } from './string-table.js'
import { SymbolTable } from './symbol-table.js'

const SYMBOL_SIZE = 24

/** The dynamic symbol table found as the dynamic linker finds it. It has no count: the hash tables imply one. */
export function dynamicSymbols(image: ElfImage): SymbolTable {
  const symbols = image.dynamic.get(DT.SYMTAB)
  const strings = image.dynamic.get(DT.STRTAB)
  if (symbols === undefined || strings === undefined) return SymbolTable.empty
  const count = symbolCount(image)
  const bytes = bytesAt(image, symbols, count * SYMBOL_SIZE)
  if (bytes.length < count * SYMBOL_SIZE) throw new MalformedInput(`the dynamic symbol table claims ${count} symbols`)
  const versym = image.dynamic.get(DT.VERSYM)
  const versions = versym === undefined ? undefined : bytesAt(image, versym, count * 2)
  return new SymbolTable(bytes, new StringTable(bytesAt(image, strings, image.dynamic.get(DT.STRSZ) ?? 0)), versions)
}

function symbolCount(image: ElfImage): number {
  const hash = image.dynamic.get(DT.HASH)
  if (hash !== undefined) return countFromHash(new ByteReader(bytesAt(image, hash, 8)))
  const gnuHash = image.dynamic.get(DT.GNU_HASH)
  return gnuHash === undefined ? 0 : countFromGnuHash(new ByteReader(bytesAt(image, gnuHash)))
}

/** DT_HASH: `nbucket`, `nchain`; the chain has one entry a symbol (gABI chapter 5). */
function countFromHash(reader: ByteReader): number {
  reader.skip(4)
  return reader.u32()
}

/** DT_GNU_HASH: the symbol after the last one of the chain that begins last; the last of a chain has bit 0 set. */
function countFromGnuHash(reader: ByteReader): number {
  const bucketCount = reader.u32()
  const firstHashed = reader.u32()
  const bloomWords = reader.u32()
  reader.skip(4 + bloomWords * 8)
  const chainStart = reader.offset + bucketCount * 4
  reader.skip(bucketCount * 4)
  const buckets = new ByteReader(reader.bytes, chainStart - bucketCount * 4, chainStart)
  let last = 0
  while (buckets.remaining > 0) last = Math.max(last, buckets.u32())
  if (last < firstHashed) return firstHashed
  reader.skip((last - firstHashed) * 4)
  while ((reader.u32() & 1) === 0) last++
  return last + 1
}
