import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { address } from '../../src/bytes/address.js'
import {
  decodeManifest,
  encodeEdits,
  encodeHeader,
  HEADER_SIZE,
  hasManifest,
  type Manifest,
} from '../../src/target/manifest.js'

/** Objects that compare equal to those of the code under test. */
const plain = { noNullPrototype: true }
/** Where many functions share a return, its trampoline holds the handlers of all of them. */
const MAX_TRAMPOLINE = 2 ** 32 - 1
const words = fc.bigInt(0n, 2n ** 64n - 1n)
const points = fc.array(fc.record({ original: fc.nat(255), relocated: fc.nat(MAX_TRAMPOLINE) }, plain), {
  maxLength: 16,
})
const restored = fc.record(
  { register: fc.nat(15), from: fc.constantFrom('stack', 'site'), offset: fc.integer({ min: -32768, max: 32767 }) },
  plain,
)
const exits = fc.array(
  fc.record(
    {
      original: fc.integer({ min: -32768, max: 32767 }),
      relocated: fc.nat(MAX_TRAMPOLINE),
      stackDelta: fc.integer({ min: -32768, max: 32767 }),
      restored,
    },
    { ...plain, requiredKeys: ['original', 'relocated', 'stackDelta'] },
  ),
  { maxLength: 16 },
)

const edits = fc
  .record({
    site: words.map(address),
    length: fc.integer({ min: 1, max: 16 }),
    fill: fc.nat(255),
    trampolineStart: fc.integer({ min: HEADER_SIZE, max: 2048 }),
    trampolineLength: fc.integer({ min: 0, max: 2048 }),
    points,
    exits,
  })
  .map(({ site, length, fill, trampolineStart, trampolineLength, points: resume, exits: leaving }) => ({
    site,
    before: Buffer.alloc(length, fill),
    after: Buffer.alloc(length, 0xe9),
    trampolineStart,
    trampolineEnd: trampolineStart + trampolineLength,
    points: resume,
    exits: leaving,
  }))

const manifests = fc.record(
  {
    codeSize: fc.constant(16384),
    dataAddress: words.map(address),
    dataSize: fc.integer({ min: 0, max: 2 ** 40 }),
    backing: fc.constantFrom('mapped', 'padding'),
    ownerPid: fc.integer({ min: 1, max: 2 ** 22 }),
    ownerStart: words,
    edits: fc.array(edits, { maxLength: 40 }),
  },
  plain,
)

/** An area as an installation writes it, with other bytes where the code would be. */
function areaOf(manifest: Manifest, recordsOffset = 4096): Buffer {
  const area = Buffer.alloc(manifest.codeSize, 0xcc)
  encodeHeader(manifest, recordsOffset).copy(area)
  encodeEdits(manifest.edits).copy(area, recordsOffset)
  return area
}

function assertSane(area: Buffer, manifest: Manifest): void {
  assert.ok(manifest.codeSize <= area.length)
  assert.ok(manifest.dataSize >= 0 && manifest.dataAddress >= 0n)
  for (const edit of manifest.edits) {
    assert.equal(edit.before.length, edit.after.length)
    assert.ok(edit.before.length >= 1 && edit.before.length <= 16)
    assert.ok(edit.trampolineStart <= edit.trampolineEnd && edit.trampolineEnd <= manifest.codeSize)
    assert.ok(edit.points.every(({ original, relocated }) => original >= 0 && relocated >= 0))
  }
}

function decodeHostile(area: Buffer): void {
  const decoded = decodeManifest(area)
  if (decoded !== undefined) assertSane(area, decoded)
}

test('what is encoded is decoded again, field by field', () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      assert.deepEqual(decodeManifest(areaOf(manifest)), manifest)
    }),
  )
})

test('an area that lies at the beginning of a larger mapping is read to its own end', () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const mapping = Buffer.concat([areaOf(manifest), Buffer.alloc(8192, 0xff)])
      assert.deepEqual(decodeManifest(mapping), manifest)
    }),
    { numRuns: 20 },
  )
})

test('flipped bits never throw, and are decoded only to what can be', () => {
  const place = fc.record({
    at: fc.oneof(
      fc.nat(63),
      fc.nat(700).map((at) => at + 4096),
    ),
    bit: fc.nat(7),
  })
  fc.assert(
    fc.property(manifests, fc.array(place, { minLength: 1, maxLength: 6 }), (manifest, flips) => {
      const area = areaOf(manifest)
      for (const { at, bit } of flips) area.writeUInt8(area.readUInt8(at) ^ (1 << bit), at)
      decodeHostile(area)
    }),
    { numRuns: 2000 },
  )
})

test('any bytes behind the magic never throw, and are decoded only to what can be', () => {
  const magic = Buffer.from('ring3\0\x02\x01', 'latin1')
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 600 }), (bytes) => {
      decodeHostile(Buffer.concat([magic, bytes]))
    }),
    { numRuns: 2000 },
  )
})

test('an area that is cut off anywhere is none', () => {
  const [manifest] = fc.sample(manifests, { numRuns: 1, seed: 1 })
  assert.ok(manifest)
  const area = areaOf(manifest)
  for (const length of [0, 1, 7, 8, 255, 256, 4096, area.length - 1]) {
    assert.equal(decodeManifest(area.subarray(0, length)), undefined, `${length} bytes`)
  }
})

const empty: Manifest = {
  codeSize: 4096,
  dataAddress: address(0),
  dataSize: 0,
  backing: 'mapped',
  ownerPid: 1,
  ownerStart: 1n,
  edits: [],
}
for (const [what, at, value] of [
  ['a size larger than the mapping', 8, 8192],
  ['a size of 4 GB', 8, 0xffff_ffff],
  ['records behind the end', 12, 4097],
  ['more edits than there is room for', 16, 1000],
  ['4 billion edits', 16, 0xffff_ffff],
] as const) {
  test(`${what}: no manifest`, () => {
    const area = areaOf(empty, 2048)
    assert.notEqual(decodeManifest(area), undefined)
    area.fill(0, 2048)
    area.writeUInt32LE(value, at)
    assert.equal(decodeManifest(area), undefined)
  })
}

const oneEdit: Manifest = {
  ...empty,
  edits: [
    {
      site: address(1),
      before: Buffer.alloc(5),
      after: Buffer.alloc(5),
      trampolineStart: 512,
      trampolineEnd: 600,
      points: [],
      exits: [],
    },
  ],
}

test('a trampoline that wraps around 4 GB is none', () => {
  const area = areaOf(oneEdit, 2048)
  assert.notEqual(decodeManifest(area), undefined)
  area.writeUInt32LE(0xffff_fffe, 2048 + 12)
  assert.equal(decodeManifest(area), undefined)
})

test('an edit has from 1 to 16 bytes', () => {
  const area = areaOf(oneEdit, 2048)
  const accepted = [0, 1, 2, 16, 17, 255].filter((length) => {
    area.writeUInt8(length, 2048 + 16)
    return decodeManifest(area) !== undefined
  })
  assert.deepEqual(accepted, [1, 2, 16])
})

test('nothing but the magic says that there is a manifest', () => {
  assert.equal(hasManifest(areaOf(empty)), true)
  assert.equal(hasManifest(Buffer.from('ring3\0\x02')), false)
  assert.equal(hasManifest(Buffer.from('ring3\0\x01\x01', 'latin1')), false)
  assert.equal(hasManifest(Buffer.alloc(0)), false)
})
