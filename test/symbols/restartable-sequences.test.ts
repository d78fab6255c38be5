import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseElf } from '../../src/elf/parse-elf.js'
import type { CodeFacts } from '../../src/isa/code-facts.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { codeFacts } from '../../src/symbols/code-facts.js'
import { loadModuleSymbols } from '../../src/symbols/load-module-symbols.js'
import { hasTool, linesOf } from '../elf/elf-files.js'
import { buildProgram } from '../programs/build.js'
import { noFiles } from './loaded-module.js'

async function factsIn(file: Uint8Array): Promise<CodeFacts> {
  const image = parseElf(file)
  assert.ok(!isRefusal(image))
  const loaded = await loadModuleSymbols(image, { path: '/module', files: noFiles })
  assert.ok(!isRefusal(loaded))
  const facts = codeFacts(image, loaded)
  assert.ok(!isRefusal(facts))
  return facts
}

interface Sequence {
  readonly start: number
  readonly commit: number
  readonly abort: number
}

/** What objdump shows of the two functions: the read of the counter, what follows its writing, and the handler's `xor`. */
function sequencesOf(path: string): Sequence[] {
  const lines = linesOf('objdump', '-d', '--no-show-raw-insn', path)
  const found: Sequence[] = []
  for (const name of ['add', 'add_within']) {
    const from = lines.findIndex((line) => line.endsWith(`<${name}>:`))
    const addressOf = (text: string): number =>
      Number.parseInt(lines.slice(from).find((line) => line.includes(text)) ?? assert.fail(`${name}: ${text}`), 16)
    found.push({
      start: addressOf('(%rsi),%rax'),
      commit: addressOf('$0x0,0x8(%rdi)'),
      abort: addressOf('%eax,%eax'),
    })
  }
  return found
}

function rangesOf(sequences: readonly Sequence[]): number[] {
  return sequences.flatMap(({ start, commit, abort }) => [start, commit, abort - 4, abort]).toSorted((a, b) => a - b)
}

/** Without section headers, as a file that has been stripped of them. */
function withoutSections(file: Buffer): Buffer {
  const copy = Buffer.from(file)
  copy.fill(0, 40, 48)
  copy.fill(0, 60, 64)
  return copy
}

for (const name of ['restartable', 'restartable-nonpie'] as const) {
  test(`the restartable sequences of ${name} are found, with and without its sections`, async (t) => {
    if (!hasTool(t, 'objdump')) return
    const built = await buildProgram(name)
    if (built.kind === 'missing') return t.skip(built.because)
    const sequences = sequencesOf(built.path)
    const file = readFileSync(built.path)
    for (const bytes of [file, withoutSections(file)]) {
      const { restartable, labels } = await factsIn(bytes)
      assert.deepEqual([...restartable], rangesOf(sequences))
      for (const { abort } of sequences) assert.ok(labels.includes(abort))
    }
  })
}

test('records of the conventional section are believed whatever their signature, others are not', async (t) => {
  if (!hasTool(t, 'objdump')) return
  const built = await buildProgram('restartable')
  if (built.kind === 'missing') return t.skip(built.because)
  const [first, second] = sequencesOf(built.path)
  assert.ok(first !== undefined && second !== undefined)
  const file = readFileSync(built.path)
  const signature = Buffer.from('53300553', 'hex')
  for (let at = file.indexOf(signature); at >= 0; at = file.indexOf(signature, at + 1))
    file.write('78563412', at, 'hex')
  const { restartable } = await factsIn(file)
  assert.deepEqual([...restartable], rangesOf([first]))
})

test('records that lead out of the text, or are of another version, are none', async (t) => {
  const built = await buildProgram('restartable-nonpie')
  if (built.kind === 'missing') return t.skip(built.because)
  const file = readFileSync(built.path)
  const { restartable } = await factsIn(file)
  const record = recordAt(file, restartable[0] ?? 0)
  const damages: readonly ((bytes: Buffer) => void)[] = [
    (bytes) => bytes.writeUInt32LE(1, record),
    (bytes) => bytes.writeBigUInt64LE(0x10n, record + 8),
    (bytes) => bytes.writeBigUInt64LE(0n, record + 16),
    (bytes) => bytes.writeBigUInt64LE(0xffff_ffff_ffff_fff0n, record + 16),
    (bytes) => bytes.writeBigUInt64LE(0x7fff_ffff_ffff_ffffn, record + 24),
  ]
  for (const damage of damages) {
    const damaged = Buffer.from(file)
    damage(damaged)
    assert.equal((await factsIn(damaged)).restartable.length, restartable.length - 4, damage.toString())
  }
})

/** Where in a file of fixed addresses the record is whose sequence begins at `start`. */
function recordAt(file: Buffer, start: number): number {
  const word = Buffer.alloc(8)
  word.writeBigUInt64LE(BigInt(start))
  const found = file.indexOf(word)
  assert.ok(found > 8)
  return found - 8
}

test('a module without restartable sequences has none', async (t) => {
  const built = await buildProgram('calls')
  if (built.kind === 'missing') return t.skip(built.because)
  assert.deepEqual((await factsIn(readFileSync(built.path))).restartable, new Float64Array())
})
