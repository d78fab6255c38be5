/** One piece of a made ELF file. */
export interface MadeSection {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly contents: Buffer
  readonly link?: number
}

const SEGMENT = 56
const SECTION = 64
const BASE = 0x400000

/** Sections follow each other from this offset on; each is loaded at `BASE` plus its offset. */
const CONTENTS = 0x1000

export function addressOfOffset(offset: number): number {
  return BASE + offset
}

/**
 * A minimal ET_EXEC file: everything loaded by one executable segment, sections in the given order (index 1 on), each at
 * a multiple of 16. Nothing is checked: hostile files are made with it.
 */
export function makeElf(sections: readonly MadeSection[]): Buffer {
  const names = Buffer.from(`\0${[...sections.map((s) => s.name), '.shstrtab'].join('\0')}\0`)
  const all: MadeSection[] = [...sections, { name: '.shstrtab', type: 3, flags: 0, contents: names }]
  const offsets = offsetsOf(all)
  const end = (offsets.at(-1) ?? 0) + names.length
  const headers = Math.ceil(end / 16) * 16
  const file = Buffer.alloc(headers + (all.length + 1) * SECTION)
  writeHeader(file, headers, all.length + 1)
  writeSegment(file, end)
  for (const [i, section] of all.entries()) {
    const offset = offsets[i] ?? 0
    section.contents.copy(file, offset)
    writeSection(file, headers + (i + 1) * SECTION, section, offset, names.indexOf(`\0${section.name}\0`) + 1)
  }
  return file
}

/** Where `makeElf` puts each section. */
export function offsetsOf(sections: readonly MadeSection[]): number[] {
  let next = CONTENTS
  return sections.map(({ contents }) => {
    const offset = next
    next = Math.ceil((offset + contents.length) / 16) * 16
    return offset
  })
}

function writeHeader(file: Buffer, sectionHeaders: number, sectionCount: number): void {
  file.write('7f454c46020101', 0, 'hex')
  file.writeUInt16LE(2, 16)
  file.writeUInt16LE(62, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(addressOfOffset(CONTENTS)), 24)
  file.writeBigUInt64LE(64n, 32)
  file.writeBigUInt64LE(BigInt(sectionHeaders), 40)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(SEGMENT, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt16LE(SECTION, 58)
  file.writeUInt16LE(sectionCount, 60)
  file.writeUInt16LE(sectionCount - 1, 62)
}

function writeSegment(file: Buffer, size: number): void {
  file.writeUInt32LE(1, 64)
  file.writeUInt32LE(5, 68)
  file.writeBigUInt64LE(BigInt(BASE), 80)
  file.writeBigUInt64LE(BigInt(BASE), 88)
  file.writeBigUInt64LE(BigInt(size), 96)
  file.writeBigUInt64LE(BigInt(size), 104)
}

function writeSection(file: Buffer, at: number, section: MadeSection, offset: number, name: number): void {
  file.writeUInt32LE(name, at)
  file.writeUInt32LE(section.type, at + 4)
  file.writeBigUInt64LE(BigInt(section.flags), at + 8)
  file.writeBigUInt64LE(BigInt(addressOfOffset(offset)), at + 16)
  file.writeBigUInt64LE(BigInt(offset), at + 24)
  file.writeBigUInt64LE(BigInt(section.contents.length), at + 32)
  file.writeUInt32LE(section.link ?? 0, at + 40)
}
