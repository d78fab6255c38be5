import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SHT } from '../../src/elf/section-headers.js'
import { addressOfOffset, type MadeSection, makeElf, offsetsOf } from './made-elf.js'
import { readModule } from './read-module.js'

const ALLOC = 2
const EXEC = 4

/** Files made to take long: each must be read, or refused, in this time. */
const LONGEST_MS = 4000

function text(size: number): MadeSection {
  return { name: '.text', type: SHT.PROGBITS, flags: ALLOC | EXEC, contents: Buffer.alloc(size, 0xc3) }
}

async function inTime(file: Buffer): Promise<string> {
  const start = performance.now()
  const result = await readModule(file)
  assert.ok(performance.now() - start < LONGEST_MS, `took ${Math.round(performance.now() - start)} ms`)
  return result
}

/** `count` function symbols in .text, which is section 1 and at the first offset. */
function symbols(count: number, write: (symbol: Buffer, i: number) => void): Buffer {
  const table = Buffer.alloc(count * 24)
  for (let i = 0; i < count; i++) {
    const symbol = table.subarray(i * 24, i * 24 + 24)
    symbol.writeUInt8(0x12, 4)
    symbol.writeUInt16LE(1, 6)
    write(symbol, i)
  }
  return table
}

function symtabFile(textSize: number, table: Buffer, strings: Buffer): Buffer {
  return makeElf([
    text(textSize),
    { name: '.strtab', type: SHT.STRTAB, flags: 0, contents: strings },
    { name: '.symtab', type: SHT.SYMTAB, flags: 0, contents: table, link: 2 },
  ])
}

test('300,000 functions that share one endless name', async () => {
  const base = addressOfOffset(offsetsOf([text(1)])[0] ?? 0)
  const table = symbols(300_000, (symbol, i) => {
    symbol.writeUInt32LE(1, 0)
    symbol.writeBigUInt64LE(BigInt(base + i), 8)
  })
  assert.equal(await inTime(symtabFile(300_000, table, Buffer.alloc(1 << 20, 'a'))), 'malformed-elf')
})

test('200,000 names at one address, of sizes beyond everything', async () => {
  const base = addressOfOffset(offsetsOf([text(1)])[0] ?? 0)
  const table = symbols(200_000, (symbol, i) => {
    symbol.writeUInt32LE(1 + (i % 100), 0)
    symbol.writeBigUInt64LE(BigInt(base), 8)
    symbol.writeBigUInt64LE(2n ** 64n - 1n, 16)
  })
  assert.equal(await inTime(symtabFile(64, table, Buffer.from(`\0${'b'.repeat(100)}\0`))), 'read')
})

test('one call-site table that 20,000 functions share', async () => {
  const sections = exceptionTables(20_000, 1 << 20)
  assert.equal(await inTime(makeElf(sections)), 'read')
})

/** FDEs that all refer to one LSDA with `size` bytes of call sites. */
function exceptionTables(functions: number, size: number): MadeSection[] {
  const lsda = Buffer.alloc(size + 8, 1)
  lsda.write('ffff01', 0, 'hex')
  lsda.writeUInt8((size & 0x7f) | 0x80, 3)
  lsda.writeUInt8(((size >> 7) & 0x7f) | 0x80, 4)
  lsda.writeUInt8(size >> 14, 5)
  const code = text(functions * 4)
  const except: MadeSection = { name: '.gcc_except_table', type: SHT.PROGBITS, flags: ALLOC, contents: lsda }
  const [textOffset = 0, lsdaOffset = 0] = offsetsOf([code, except])
  const frames = ehFrame(functions, addressOfOffset(textOffset), addressOfOffset(lsdaOffset))
  return [code, except, { name: '.eh_frame', type: SHT.PROGBITS, flags: ALLOC, contents: frames }]
}

/** A CIE `zLR` with absolute pointers (udata4), and one FDE for every four bytes of code. */
function ehFrame(functions: number, code: number, lsda: number): Buffer {
  const cie = Buffer.from('14000000' + '00000000' + '017a4c5200' + '017810' + '02' + '0303' + '0000000000', 'hex')
  const fdes = Buffer.alloc(functions * 24)
  for (let i = 0; i < functions; i++) {
    const at = i * 24
    fdes.writeUInt32LE(20, at)
    fdes.writeUInt32LE(cie.length + at + 4, at + 4)
    fdes.writeUInt32LE(code + i * 4, at + 8)
    fdes.writeUInt32LE(4, at + 12)
    fdes.writeUInt8(4, at + 16)
    fdes.writeUInt32LE(lsda, at + 17)
  }
  return Buffer.concat([cie, fdes])
}

test('relative relocations that unfold to millions', async () => {
  const relr = Buffer.alloc(4 << 20, 0xff)
  relr.writeBigUInt64LE(BigInt(addressOfOffset(0x1000)), 0)
  const file = makeElf([text(64), { name: '.relr.dyn', type: SHT.RELR, flags: ALLOC, contents: relr }])
  assert.equal(await inTime(file), 'malformed-elf')
})

test('sections that overlap each other', async () => {
  const many = Array.from({ length: 60_000 }, () => ({ ...text(0), contents: Buffer.alloc(0) }))
  assert.equal(await inTime(makeElf([text(64), ...many])), 'read')
})

test('a compressed symbol table that unfolds to gigabytes', async () => {
  const chdr = Buffer.alloc(24)
  chdr.writeUInt32LE(1, 0)
  chdr.writeBigUInt64LE(2n ** 40n, 8)
  const file = makeElf([
    text(64),
    { name: '.strtab', type: SHT.STRTAB, flags: 0, contents: Buffer.alloc(1) },
    { name: '.symtab', type: SHT.SYMTAB, flags: 0x800, contents: chdr, link: 2 },
  ])
  assert.equal(await inTime(file), 'malformed-elf')
})
