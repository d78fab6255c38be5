import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import { makeServerFolder } from '../workloads/server-folder.js'
import { assertRefused } from './refusals.js'
import { missingCli, ring3 } from './ring3-cli.js'

/** The same numbers on every run, so that a failure can be repeated. */
function* pseudoRandom(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state / 2 ** 32
  }
}

/** Writes nonsense into headers and tables: where a hostile file would. */
function corrupted(file: Buffer, seed: number): Buffer {
  const copy = Buffer.from(file)
  const random = pseudoRandom(seed)
  const sections = Number(copy.readBigUInt64LE(40))
  for (let change = 0; change < 12; change++) {
    const inHeader = random.next().value < 0.4
    const base = inHeader ? 4 : sections
    const span = inHeader ? 800 : copy.length - sections
    const at = base + Math.floor(random.next().value * (span - 8))
    const values = [0n, 0xffffffffffffffffn, 0x7fffffffffffffffn, 0x100000000n, BigInt(copy.length)]
    copy.writeBigUInt64LE(values[Math.floor(random.next().value * values.length)] ?? 0n, at)
  }
  return copy
}

async function expectRefusalOrList(file: string): Promise<void> {
  const run = await ring3(['list', file, '*'], { timeoutMs: 20_000 })
  assert.notEqual(run.code, -1, 'list did not end')
  if (run.code !== 0) assertRefused(run, /\S/)
}

test('truncated files are refused in a sentence', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram('calls')
  if (built.kind === 'missing') return t.skip(built.because)
  await using folder = await makeServerFolder('truncated')
  const whole = await readFile(built.path)
  const file = join(folder.path, 'truncated')
  for (const size of [0, 1, 4, 16, 63, 64, 100, 700, 4096, 9000, whole.length - 64, whole.length - 1]) {
    await writeFile(file, whole.subarray(0, size))
    await expectRefusalOrList(file)
  }
  await writeFile(file, '')
  assertRefused(await ring3(['list', file]), /ELF/i)
})

test('corrupt files are refused in a sentence, or what is sound in them is listed', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram('calls')
  if (built.kind === 'missing') return t.skip(built.because)
  await using folder = await makeServerFolder('corrupt')
  const whole = await readFile(built.path)
  for (let seed = 1; seed <= 25; seed++) {
    const file = join(folder.path, `corrupt-${seed}`)
    await writeFile(file, corrupted(whole, seed))
    await expectRefusalOrList(file)
  }
})

test('files that are no ELF files', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  assertRefused(await ring3(['list', '/etc/passwd']), /ELF/i)
  assertRefused(await ring3(['list', '/']), /\S/)
  assertRefused(await ring3(['list', '/no/such/file']), /no (such )?file|not exist/i)
})
