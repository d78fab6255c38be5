import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sizeOf, tupleLayout } from '../../src/ir/layout.js'
import { integer, type ValueType } from '../../src/ir/value-type.js'
import { BurstWriter, textsOf } from '../../src/record/burst.js'
import { type DecodeContext, decodeValue } from '../../src/record/decode-value.js'
import { formatText } from '../../src/record/format-text.js'
import { printfWriter } from '../../src/record/printf-writer.js'
import { TextWriter } from '../../src/record/text-writer.js'

const number = (value: bigint): string => `<${value}>`
const names = {
  symbol: number,
  frame: () => undefined,
  probe: number,
  function: number,
  user: number,
  error: number,
  time: () => 'now',
}
const context: DecodeContext = { records: new Map(), enums: new Map(), names, stringTrailer: '..' }

const types: readonly ValueType[] = [
  ...([8, 16, 32, 64] as const).flatMap((bits) => [integer(bits, true), integer(bits, false)]),
  { kind: 'integer', bits: 32, signed: false, enumName: 'colour' },
  { kind: 'string', size: 6 },
  { kind: 'bool' },
  { kind: 'buffer', size: 5 },
  { kind: 'usym' },
  { kind: 'tuple', elements: [integer(8, true), { kind: 'string', size: 4 }] },
]

const conversion = fc.tuple(
  fc.constantFrom('', '', '', '-', '0', '+', '#'),
  fc.constantFrom('', '', '', '3', '22'),
  fc.constantFrom('', '', '', '.0', '.2'),
  fc.constantFrom('', 'l', 'll', 'h', 'hh'),
  fc.constantFrom('d', 'i', 'u', 'x', 's', 'c', 'p', 'r'),
)

/** Bytes that make short and long numbers, and text with and without an end. */
const byte = fc.oneof(fc.constantFrom(0, 0, 0, 1, 0x20, 0x7f, 0x80, 0xff), fc.integer({ min: 0x30, max: 0x7a }))

/** Of a string: no more than ASCII, since what is not UTF-8 is replaced one byte at a time or several. */
const value = fc.constantFrom(...types).chain((type) =>
  fc.record({
    type: fc.constant(type),
    bytes: fc
      .uint8Array({ minLength: sizeOf(type), maxLength: sizeOf(type) })
      .chain((any) =>
        fc
          .array(byte, { minLength: any.length, maxLength: any.length })
          .map((some) =>
            Uint8Array.from(some, (each) => (type.kind === 'integer' || type.kind === 'usym' ? each : each & 0x7f)),
          ),
      ),
    conversion: conversion.map((parts) => `%${parts.join('')}`),
  }),
)

test('what a writer puts down is the text of the decoded values', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), fc.constantFrom('', ' ', '%%', 'é'), (values, between) => {
      const format = Buffer.from(between + values.map((each) => each.conversion).join(between)).toString('latin1')
      const { size, offsets } = tupleLayout(values.map(({ type }) => type))
      const area = Buffer.alloc(8 + size)
      for (const [at, { bytes }] of values.entries()) area.set(bytes, 8 + (offsets[at] ?? 0))
      const writer = new TextWriter()
      const from = new DataView(area.buffer, area.byteOffset, area.byteLength)
      const write = printfWriter(
        format,
        values.map(({ type }) => type),
        offsets,
        context,
      )
      write(writer, from, 8)
      const wanted = formatText(
        format,
        values.map(({ type, bytes }) => decodeValue(bytes, type, context)),
      )
      assert.equal(Buffer.from(writer.take()).toString(), wanted, format)
    }),
    { numRuns: 3000 },
  )
})

test('integers of every length', () => {
  const writer = new TextWriter()
  const numbers = Array.from({ length: 54 }, (_, bit) => 2 ** bit).flatMap((power) => [power - 1, 1 - power, -power])
  for (const each of [...numbers, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 999_999_999, 1e9, 1e15]) {
    if (!Number.isSafeInteger(each)) continue
    writer.writeInteger(each)
    assert.equal(Buffer.from(writer.take()).toString(), String(each === 0 ? 0 : each))
  }
})

test('a writer grows', () => {
  const writer = new TextWriter()
  const line = `${'x'.repeat(1000)}é\n`
  for (let times = 0; times < 300; times++) writer.writeText(line)
  assert.equal(Buffer.from(writer.take()).toString(), line.repeat(300))
  assert.equal(writer.length, 0)
})

test('a burst has as many texts as ends, also when they are many or empty', () => {
  const writer = new BurstWriter()
  const wanted = Array.from({ length: 3000 }, (_, at) => (at % 7 === 0 ? '' : `text ${at}`))
  for (let times = 0; times < 2; times++) {
    for (const text of wanted) {
      writer.text.writeText(text)
      writer.end()
    }
    assert.deepEqual([...textsOf(writer.take())], wanted)
    assert.ok(writer.isEmpty)
  }
})
