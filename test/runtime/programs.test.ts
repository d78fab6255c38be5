import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import { isAlive, startTarget } from '../programs/start-target.js'

test('calls counts its own calls', async (t) => {
  const built = await buildProgram('calls')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, ['--threads', '2', '--calls', '1000'])
  const line = await target.ask('go')
  assert.equal(line, 'counted work=2000 leaf=2000 recurse=9000 wrong=0 children=0')
})

test('busy-threads sees no anomaly when it is left alone', async (t) => {
  const built = await buildProgram('busy-threads')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, ['--threads', '32'])
  await new Promise((resolve) => setTimeout(resolve, 1000))
  assert.match(await target.ask('report'), /^anomalies=0 waits=\d+/)
})

test('a stopped target leaves nothing behind', async (t) => {
  const built = await buildProgram('calls')
  if (built.kind === 'missing') return t.skip(built.because)
  const target = await startTarget(built.path)
  await target.stop()
  assert.equal(await target.exited, 143)
  assert.equal(isAlive(target.pid), false)
})
