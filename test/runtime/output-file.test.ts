/** `-o`: results go to a file, from every command that prints any. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { ring3 } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

const built = await buildProgram('busy-threads')
const program = built.kind === 'built' ? built.path : ''
const skip = built.kind === 'missing' ? built.because : false
const folder = mkdtempSync(join(tmpdir(), 'ring3-output-'))
after(() => rmSync(folder, { recursive: true }))

const site = 'busy-threads:wait_nanosleep'
const runs: readonly (readonly [name: string, args: readonly string[], content: RegExp])[] = [
  ['count.txt', ['count', '-d', '0.5', site], /wait_nanosleep/],
  [
    'count.json',
    ['count', '-f', 'json', '-d', '0.5', site],
    /^\{"type":"attached_probes".*\n\{"type":"map".*wait_nanosleep/,
  ],
  ['latency.txt', ['latency', '-d', '0.5', site], /wait_nanosleep\n.*calls/],
  ['graph.txt', ['graph', '-n', '1', site], /wait_nanosleep\(\)/],
  ['flame.svg', ['flame', '-d', '0.5', site], /^<svg [\s\S]*wait_nanosleep[\s\S]*<\/svg>/],
  ['script.txt', ['-e', `uprobe:${site} { @calls = count() } interval:ms:500 { exit() }`], /@calls: \d+/],
]

for (const [name, args] of runs) {
  test(`a full disk ends what is to write ${name}: in one sentence, and with its probes taken out`, {
    skip,
  }, async () => {
    await using target = await startTarget(program, ['--threads', '4'])
    const before = captureState(target.pid)
    const full = join(folder, `full-${name}`)
    symlinkSync('/dev/full', full)
    const { code, stdout, stderr } = await ring3([...args, '-q', '-p', String(target.pid), '-o', full])
    assert.deepEqual([code, stdout, stderr], [1, '', 'ring3: ENOSPC: no space left on device, write\n'])
    assert.deepEqual(stateDifferences(before), [])
  })
}

for (const [name, args, content] of runs) {
  test(`what is written to ${name}`, { skip }, async () => {
    await using target = await startTarget(program, ['--threads', '4'])
    const file = join(folder, name)
    const { code, stdout, stderr } = await ring3([...args, '-p', String(target.pid), '-o', file])
    assert.deepEqual([code, stdout], [0, ''], stderr)
    assert.match(readFileSync(file, 'utf8'), content)
  })
}
