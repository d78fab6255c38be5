import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CodeFacts } from '../../src/isa/code-facts.js'
import { builtFiles, elfPath, hasTool, linesOf, systemFiles } from '../elf/elf-files.js'
import { cacheFolder, checkoutRoot } from '../programs/checkout.js'
import { diskFiles, factsOf, loadModule } from './loaded-module.js'

for (const file of [...systemFiles, ...builtFiles]) {
  test(`facts of ${file} are sorted and agree with each other`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined) return
    const module = await loadModule(path, diskFiles)
    const facts = factsOf(module)
    assertAscending(facts.labels)
    assertAscending(Float64Array.from(facts.functions, (f) => f.start))
    assertRanges(facts.framed)
    for (const ranges of [facts.text, facts.data]) {
      assertRanges(Float64Array.from(ranges.flatMap((r) => [r.start, r.start + r.bytes.length])))
    }
    const labels = new Set(facts.labels)
    assert.deepEqual(
      [...module.frames.starts].filter((start) => module.text.has(start) && !labels.has(start)),
      [],
    )
    assert.ok(labels.has(module.image.header.entry) || module.image.header.entry === 0)
    assert.ok(facts.hasRedZone || file.startsWith('go-'))
  })

  test(`every symbol in the text of ${file} is a label`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined || !hasTool(t, 'readelf')) return
    const module = await loadModule(path)
    const labels = new Set(factsOf(module).labels)
    const missing = linesOf('readelf', '-sW', path).filter((line) => {
      const [, value = '', type, section] =
        /^ *\d+: ([0-9a-f]{16}) +\w+ (\w+) +\w+ +\w+ (?:\[.*?\])? *(\w+)/.exec(line) ?? []
      const address = Number.parseInt(value, 16)
      return (
        type !== undefined && type !== 'TLS' && section !== 'UND' && module.text.has(address) && !labels.has(address)
      )
    })
    assert.deepEqual(missing, [])
  })

  test(`relocated words of ${file} hold link-time addresses, and those in text are labels`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined || !hasTool(t, 'readelf')) return
    const module = await loadModule(path)
    const facts = factsOf(module)
    const labels = new Set(facts.labels)
    for (const line of linesOf('readelf', '-rW', path)) {
      const [, place = '', addend = ''] =
        /^([0-9a-f]{16}) +[0-9a-f]{16} R_X86_64_(?:I?RELATIVE|RELATIVE64) +([0-9a-f]+)$/.exec(line) ?? []
      if (place === '') continue
      const value = Number.parseInt(addend, 16)
      assert.equal(wordAt(facts, Number.parseInt(place, 16)), value, line)
      assert.ok(!module.text.has(value) || labels.has(value), line)
    }
  })
}

test('text has the sections that are executable', async (t) => {
  const path = await elfPath(t, 'calls')
  if (path === undefined) return
  const module = await loadModule(path)
  const names = ['.init', '.plt', '.text', '.fini']
  const expected = module.image.sections.filter((s) => names.includes(s.name)).map((s) => s.vaddr)
  const starts = factsOf(module).text.map((r) => r.start)
  assert.deepEqual(
    expected.filter((start) => !starts.includes(start)),
    [],
  )
})

test('landing pads are labels', async (t) => {
  if (!hasTool(t, 'g++')) return
  const folder = mkdtempSync(join(tmpdir(), 'ring3-pads-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const source = join(checkoutRoot, 'test/programs/throws.cpp')
  // The assembler keeps its local labels (-L), so that the symbol table says where the landing pads are.
  const flags = ['-O2', '-pthread', '-save-temps=obj', '-Wa,-L', '-o', join(folder, 'throws'), source]
  execFileSync('g++', flags, { cwd: folder, stdio: 'ignore' })
  const assembly = readdirSync(folder).find((name) => name.endsWith('.s')) ?? ''
  const pads = landingPadLabels(readFileSync(join(folder, assembly), 'utf8'))
  assert.ok(pads.size > 3)

  execFileSync('strip', ['--strip-all', '-o', join(folder, 'stripped'), join(folder, 'throws')])
  const labels = new Set(factsOf(await loadModule(join(folder, 'stripped'))).labels)
  const addresses = linesOf('readelf', '-sW', join(folder, 'throws')).flatMap((line) => {
    const [, value = '', name = ''] = /^ *\d+: ([0-9a-f]{16}) .* (\S+)$/.exec(line) ?? []
    return pads.has(name) ? [Number.parseInt(value, 16)] : []
  })
  assert.ok(addresses.length >= pads.size)
  assert.deepEqual(
    addresses.filter((address) => !labels.has(address)),
    [],
  )
})

/** Third value of each call site: `.uleb128 .Lpad-.Lfunction`. */
function landingPadLabels(assembly: string): Set<string> {
  const tables = assembly.matchAll(/^\.LLSDACSB\w+:\n([\s\S]*?)^\.LLSDACSE/gm)
  const pads = new Set<string>()
  for (const [, table = ''] of tables) {
    const values = [...table.matchAll(/\.uleb128 (\S+)/g)].map(([, value = '']) => value)
    for (let i = 2; i < values.length; i += 4) {
      const label = /^(\.L\w+)-/.exec(values[i] ?? '')?.[1]
      if (label !== undefined) pads.add(label)
    }
  }
  return pads
}

function wordAt(facts: CodeFacts, address: number): number | undefined {
  const range = facts.data.find((r) => address >= r.start && address + 8 <= r.start + r.bytes.length)
  if (range === undefined) return undefined
  const view = new DataView(range.bytes.buffer, range.bytes.byteOffset, range.bytes.byteLength)
  return Number(view.getBigUint64(address - range.start, true))
}

function assertAscending(values: Float64Array): void {
  assert.equal(
    values.findIndex((value, i) => i > 0 && value <= (values[i - 1] ?? 0)),
    -1,
  )
}

/** `[start, end, start, end …]`, in order, no range empty, none overlapping the next. */
function assertRanges(bounds: Float64Array): void {
  for (let i = 0; i + 1 < bounds.length; i += 2) {
    assert.ok((bounds[i] ?? 0) < (bounds[i + 1] ?? 0), `range ${i / 2} is empty`)
    assert.ok(i === 0 || (bounds[i - 1] ?? 0) <= (bounds[i] ?? 0), `range ${i / 2} overlaps`)
  }
}

/** Go source, and whether its program has a red zone. */
const goPrograms: readonly (readonly [source: string, hasRedZone: boolean])[] = [
  ['package main\nfunc main() { println(42) }\n', false],
  ['package main\n// int twice(int n) { return n * 2; }\nimport "C"\nfunc main() { println(C.twice(21)) }\n', true],
]

test('a Go program has a red zone only if C code is in it', async (t) => {
  if (!hasTool(t, 'go') || !hasTool(t, 'gcc')) return
  const folder = mkdtempSync(join(tmpdir(), 'ring3-go-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const go = { GOCACHE: join(cacheFolder, 'go-build'), GO111MODULE: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '1' }
  for (const [source, hasRedZone] of goPrograms) {
    writeFileSync(join(folder, 'program.go'), source)
    const options = { cwd: folder, env: { ...process.env, ...go }, stdio: 'ignore' } as const
    execFileSync('go', ['build', '-o', 'program', 'program.go'], options)
    assert.equal(factsOf(await loadModule(join(folder, 'program'))).hasRedZone, hasRedZone)
    execFileSync('go', ['build', '-ldflags=-s -w', '-o', 'program', 'program.go'], options)
    assert.equal(factsOf(await loadModule(join(folder, 'program'))).hasRedZone, hasRedZone)
  }
})
