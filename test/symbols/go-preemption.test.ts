import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bytesAt, type CodeFacts } from '../../src/isa/code-facts.js'
import { readPclntab } from '../../src/symbols/go-pclntab.js'
import { preemptibleRanges } from '../../src/symbols/go-preemption.js'
import { elfPath, hasTool } from '../elf/elf-files.js'
import { hexText } from '../isa/vector-file.js'
import { cacheFolder, checkoutRoot } from '../programs/checkout.js'
import { factsOf, loadModule } from './loaded-module.js'

const everything = Float64Array.of(0, Number.POSITIVE_INFINITY)

/** Ways of building that lay the file out differently, each as `go build` takes it. */
const builds: readonly (readonly string[])[] = [
  [],
  ['-ldflags=-s -w'],
  ['-buildmode=pie'],
  ['-buildmode=pie', '-ldflags=-s -w'],
  ['-ldflags=-linkmode=external -s -w'],
  ['-buildmode=pie', '-ldflags=-linkmode=external -s -w'],
]

function preemptible({ preemptible }: CodeFacts, address: number): boolean {
  return preemptible.findLastIndex((bound) => bound <= address) % 2 === 0
}

/** `cmp 0x10(%r14),%rsp`: the stack check of most functions. */
const STACK_CHECK = '49 3b 66 10'

test('goroutines are suspended in code, but in no stack check', async (t) => {
  if (!hasTool(t, 'go') || !hasTool(t, 'gcc')) return
  const folder = mkdtempSync(join(tmpdir(), 'ring3-go-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const go = { GOCACHE: join(cacheFolder, 'go-build'), GO111MODULE: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '1' }
  const source = join(checkoutRoot, 'test/programs/go-calls.go')
  for (const flags of builds) {
    const program = join(folder, 'program')
    execFileSync('go', ['build', '-o', program, ...flags, source], { env: { ...process.env, ...go }, stdio: 'ignore' })
    const { image, text, symbols } = await loadModule(program)
    const facts = factsOf(await loadModule(program))
    assert.deepEqual(preemptibleRanges(image, text), facts.preemptible)
    const checked = facts.functions.filter(({ start }) => hexText(bytesAt(facts.text, start, 4)) === STACK_CHECK)
    assert.ok(checked.length > 1000, `${checked.length} stack checks with ${flags.join(' ')}`)
    assert.deepEqual(
      checked.filter(({ start }) => preemptible(facts, start + 4)),
      [],
    )
    const leaf = symbols.find('main.leaf')[0] ?? assert.fail('main.leaf')
    for (let offset = 0; offset < leaf.size; offset++) assert.ok(preemptible(facts, leaf.vaddr + offset))
    const assembly = symbols.find('runtime.memmove')[0] ?? assert.fail('runtime.memmove')
    assert.ok(!preemptible(facts, assembly.vaddr + 3))
  }
})

test('nothing suspends threads of a module without Go', async (t) => {
  const path = await elfPath(t, 'calls')
  if (path !== undefined) assert.deepEqual(factsOf(await loadModule(path)).preemptible, new Float64Array())
})

test('where the table of a Go module cannot be read, goroutines may be suspended anywhere', async (t) => {
  const path = await elfPath(t, 'go-calls')
  if (path === undefined) return
  const { image, text } = await loadModule(path)
  const table = readPclntab(image) ?? assert.fail('a table')
  const damages: readonly ((bytes: Uint8Array) => void)[] = [
    // An unknown version, pointers of another size, too many functions, offsets beyond the end.
    (bytes) => bytes.fill(0xee, 0, 4),
    (bytes) => bytes.fill(4, 7, 8),
    (bytes) => bytes.fill(0xff, 8, 16),
    (bytes) => bytes.fill(0x7f, 56, 61),
    (bytes) => bytes.fill(0x7f, 64, 69),
    (bytes) => bytes.fill(0xff, table.functionTable + 4, table.functionTable + 8),
    (bytes) => bytes.fill(0xff, table.counterTables),
  ]
  for (const damage of damages) {
    const bytes = image.bytes.slice()
    const at = table.bytes.byteOffset - image.bytes.byteOffset
    damage(bytes.subarray(at, at + table.bytes.length))
    assert.deepEqual(preemptibleRanges({ ...image, bytes }, text), everything, damage.toString())
  }
})
