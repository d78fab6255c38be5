import { type Address, address, offsetBy } from '../../../src/bytes/address.js'
import type { Case } from '../../isa/differential/random-case.js'

/** Where instruction-runner.c maps a module. */
const MODULE_AT = address(0x2_0010_0000n)
const TEXT_AT = 0x1000
/** No short branch out of one case leads into another. */
const SPACING = 512
const PAGE = 0x1000

/** No-operations behind every instruction: room for a jump over a short one. */
const AFTER = 5
const NOP = 0x90
const INT3 = 0xcc

const HEADER_SIZE = 64
const PROGRAM_HEADER_SIZE = 56
const SECTION_HEADER_SIZE = 64
const SYMBOL_SIZE = 24

/** Where the case at this place of a batch stands. */
export function caseAddress(index: number): Address {
  return offsetBy(MODULE_AT, offsetOf(index))
}

/** As in a pattern. */
export function caseName({ number }: Case): string {
  return `case${number}`
}

function offsetOf(index: number): number {
  return TEXT_AT + index * SPACING + SPACING / 2
}

/** A shared object (gABI chapters 4 and 5) with a function for each case; everything between them is int3. */
export function caseModule(cases: readonly Case[]): Buffer {
  const names = new StringBytes()
  const offsets = cases.map(({ at }) => Number(at - MODULE_AT))
  const textEnd = Math.ceil((Math.max(...offsets) + SPACING) / PAGE) * PAGE
  const text = Buffer.alloc(textEnd - TEXT_AT, INT3)
  const symbols = Buffer.alloc(SYMBOL_SIZE * (cases.length + 1))
  cases.forEach((each, index) => {
    const offset = offsets[index] ?? 0
    text.set([...each.bytes, ...Array.from({ length: AFTER }, () => NOP)], offset - TEXT_AT)
    const length = each.bytes.length + AFTER
    symbols.set(functionSymbol(names.add(caseName(each)), offset, length), SYMBOL_SIZE * (index + 1))
  })
  const head = Buffer.alloc(TEXT_AT)
  const sections = sectionHeaders(textEnd, symbols.length, names)
  head.set(fileHeader(textEnd + symbols.length + names.bytes.length, sections.length / SECTION_HEADER_SIZE))
  head.set(loadAll(textEnd), HEADER_SIZE)
  return Buffer.concat([head, text, symbols, names.bytes, sections])
}

class StringBytes {
  bytes: Buffer = Buffer.alloc(1)

  add(name: string): number {
    const at = this.bytes.length
    this.bytes = Buffer.concat([this.bytes, Buffer.from(`${name}\0`)])
    return at
  }
}

function functionSymbol(name: number, offset: number, size: number): Buffer {
  const symbol = Buffer.alloc(SYMBOL_SIZE)
  symbol.writeUInt32LE(name, 0)
  symbol.writeUInt8(0x12, 4) // STB_GLOBAL, STT_FUNC
  symbol.writeUInt16LE(1, 6)
  symbol.writeBigUInt64LE(BigInt(offset), 8)
  symbol.writeBigUInt64LE(BigInt(size), 16)
  return symbol
}

function fileHeader(sectionsAt: number, sections: number): Buffer {
  const header = Buffer.alloc(HEADER_SIZE)
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  header.writeUInt16LE(3, 16) // ET_DYN
  header.writeUInt16LE(62, 18) // EM_X86_64
  header.writeUInt32LE(1, 20)
  header.writeBigUInt64LE(BigInt(HEADER_SIZE), 32)
  header.writeBigUInt64LE(BigInt(sectionsAt), 40)
  header.writeUInt16LE(HEADER_SIZE, 52)
  header.writeUInt16LE(PROGRAM_HEADER_SIZE, 54)
  header.writeUInt16LE(1, 56)
  header.writeUInt16LE(SECTION_HEADER_SIZE, 58)
  header.writeUInt16LE(sections, 60)
  header.writeUInt16LE(3, 62)
  return header
}

function loadAll(size: number): Buffer {
  const header = Buffer.alloc(PROGRAM_HEADER_SIZE)
  header.writeUInt32LE(1, 0) // PT_LOAD
  header.writeUInt32LE(5, 4) // PF_R, PF_X
  header.writeBigUInt64LE(BigInt(size), 32)
  header.writeBigUInt64LE(BigInt(size), 40)
  header.writeBigUInt64LE(BigInt(PAGE), 48)
  return header
}

interface SectionFields {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly address: number
  readonly offset: number
  readonly size: number
  readonly link: number
}

/** Nothing, the text, the symbols, and the names of symbols and of sections. */
function sectionHeaders(textEnd: number, symbolsSize: number, names: StringBytes): Buffer {
  const text = { name: '.text', type: 1, flags: 6, address: TEXT_AT, offset: TEXT_AT, size: textEnd - TEXT_AT, link: 0 }
  const symbols = { name: '.symtab', type: 2, flags: 0, address: 0, offset: textEnd, size: symbolsSize, link: 3 }
  const namesAt = textEnd + symbolsSize
  const named = [text, symbols].map((section) => sectionHeader(section, names.add(section.name)))
  const nameOffset = names.add('.strtab')
  const size = names.bytes.length
  const strings = { name: '.strtab', type: 3, flags: 0, address: 0, offset: namesAt, size, link: 0 }
  return Buffer.concat([Buffer.alloc(SECTION_HEADER_SIZE), ...named, sectionHeader(strings, nameOffset)])
}

function sectionHeader({ type, flags, address: at, offset, size, link }: SectionFields, name: number): Buffer {
  const header = Buffer.alloc(SECTION_HEADER_SIZE)
  header.writeUInt32LE(name, 0)
  header.writeUInt32LE(type, 4)
  header.writeBigUInt64LE(BigInt(flags), 8)
  header.writeBigUInt64LE(BigInt(at), 16)
  header.writeBigUInt64LE(BigInt(offset), 24)
  header.writeBigUInt64LE(BigInt(size), 32)
  header.writeUInt32LE(link, 40)
  header.writeBigUInt64LE(1n, 48)
  header.writeBigUInt64LE(BigInt(type === 2 ? SYMBOL_SIZE : 0), 56)
  return header
}
