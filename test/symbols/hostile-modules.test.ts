import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { PT } from '../../src/elf/program-headers.js'
import { elfPath, openElf } from '../elf/elf-files.js'
import { readModule } from './read-module.js'

/** Small programs of every kind: with .symtab, with exception tables, Go's table, IRELATIVE, no sections' names. */
const seeds = ['/bin/true', 'throws', 'calls', 'go-calls-stripped', 'calls-musl']

/** No single file may keep ring3 busy for longer. */
const LONGEST_MS = 2000

async function readInTime(bytes: Uint8Array, what: string): Promise<string> {
  const start = performance.now()
  const result = await readModule(bytes)
  assert.ok(performance.now() - start < LONGEST_MS, `${what} took ${performance.now() - start} ms`)
  return result
}

/** Numbers that are the same in every run (Mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) % below
  }
}

/** Where structures are: damage there finds more than damage in code. */
function structures(path: string): readonly (readonly [start: number, size: number])[] {
  const { header, segments, sections } = openElf(path)
  const tables = sections.filter((s) => !s.executable && !s.name.startsWith('.debug') && s.type !== 8 && s.size > 0)
  return [
    [0, 64],
    [header.programHeaderOffset, segments.length * 56],
    [header.sectionHeaderOffset, sections.length * 64],
    ...tables.map((s) => [s.fileOffset, s.size] as const),
    ...segments.filter((s) => s.type === PT.DYNAMIC).map((s) => [s.fileOffset, s.fileSize] as const),
  ]
}

async function fuzz(t: TestContext, file: string, rounds: number): Promise<void> {
  const path = await elfPath(t, file)
  if (path === undefined) return
  const original = readFileSync(path)
  const places = structures(path)
  const random = randomNumbers(file.length * 7919)
  const interesting = [0, 1, 0x7f, 0x80, 0xff]
  const results = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const bytes = Uint8Array.from(original)
    for (let edits = 1 + random(8); edits > 0; edits--) {
      const [start = 0, size = 1] = places[random(places.length)] ?? []
      bytes[start + random(size)] = random(2) === 0 ? random(256) : (interesting[random(interesting.length)] ?? 0)
    }
    const result = await readInTime(bytes, `${file}, round ${round}`)
    results.set(result, (results.get(result) ?? 0) + 1)
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(results)))
}

for (const file of seeds) {
  test(`damaged copies of ${file} are read or refused`, (t) => fuzz(t, file, file === '/bin/true' ? 2000 : 150))

  test(`${file}, cut off anywhere, is refused`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined) return
    const bytes = readFileSync(path)
    const edges = structures(path).flatMap(([start, size]) => [start, start + 1, start + size / 2, start + size - 1])
    for (const edge of new Set(edges.map(Math.floor))) {
      if (edge >= bytes.length) continue
      assert.match(await readInTime(bytes.subarray(0, edge), `${file} cut at ${edge}`), /^malformed-elf$/)
    }
  })
}
