import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteReader, MalformedInput } from '../../src/bytes/byte-reader.js'

type Read = (reader: ByteReader) => number | string

const facts: readonly (readonly [hex: string, read: Read, expected: number | string])[] = [
  ['ff', (r) => r.u8(), 255],
  ['3412', (r) => r.u16(), 0x1234],
  ['feff', (r) => r.i16(), -2],
  ['78563412', (r) => r.u32(), 0x12345678],
  ['feffffff', (r) => r.i32(), -2],
  ['0000000001000000', (r) => r.u64(), 2 ** 32],
  ['ffffffffffff1f00', (r) => r.u64(), Number.MAX_SAFE_INTEGER],
  ['feffffffffffffff', (r) => r.i64(), -2],
  ['e58e26', (r) => r.uleb(), 624485],
  ['80808000', (r) => r.uleb(), 0],
  ['c0bb78', (r) => r.sleb(), -123456],
  ['7f', (r) => r.sleb(), -1],
  ['3f', (r) => r.sleb(), 63],
  ['616200', (r) => r.cstring(), 'ab'],
  ['00', (r) => r.cstring(), ''],
]

const malformed: readonly (readonly [hex: string, read: Read])[] = [
  ['', (r) => r.u8()],
  ['ff', (r) => r.u16()],
  ['ffffff', (r) => r.u32()],
  ['ffffffffffff2000', (r) => r.u64()],
  ['ffffffffffffff7f', (r) => r.i64()],
  ['8080', (r) => r.uleb()],
  [`${'ff'.repeat(11)}00`, (r) => r.uleb()],
  [`${'ff'.repeat(11)}00`, (r) => r.sleb()],
  ['6162', (r) => r.cstring()],
  ['00', (r) => r.slice(2).length],
  ['00', (r) => r.slice(-1).length],
  ['00', (r) => r.slice(Number.NaN).length],
]

test('values are read in little-endian order', () => {
  for (const [hex, read, expected] of facts) {
    const reader = new ByteReader(Buffer.from(hex, 'hex'))
    assert.equal(read(reader), expected, hex)
    assert.equal(reader.remaining, 0, hex)
  }
})

test('nothing is read beyond the end, and no value that is not exact', () => {
  for (const [hex, read] of malformed) {
    assert.throws(() => read(new ByteReader(Buffer.from(hex, 'hex'))), MalformedInput, hex)
  }
})

test('a reader stays within its range', () => {
  const bytes = Buffer.from('0102030405', 'hex')
  const reader = new ByteReader(bytes, 1, 3)
  assert.equal(reader.u16(), 0x0302)
  assert.throws(() => reader.u8(), MalformedInput)
  assert.throws(() => reader.seek(4), MalformedInput)
  assert.throws(() => new ByteReader(bytes, 3, 6), MalformedInput)
  assert.throws(() => new ByteReader(bytes, -1), MalformedInput)
})
