import assert from 'node:assert/strict'
import { closeSync, openSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { allWorkloads } from '../workloads/all-workloads.js'
import { captureState, stateDifferences } from './target-state.js'

test('one changed byte of text is seen', async (t) => {
  const built = await buildProgram('calls-nonpie')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path)
  const before = captureState(target.pid)
  assert.deepEqual(stateDifferences(before), [])
  const memory = openSync(`/proc/${target.pid}/mem`, 'r+')
  writeSync(memory, Buffer.from([0xcc]), 0, 1, 0x401000)
  closeSync(memory)
  const differences = stateDifferences(before)
  assert.equal(differences.length, 1)
  assert.match(differences[0] ?? '', /^text of .*calls-nonpie differs in 1 bytes, first at \+0x0/)
})

for (const workload of allWorkloads) {
  test(`${workload.name} under load changes neither its text nor its fixed mappings`, async (t) => {
    const missing = workload.missing()
    if (missing !== undefined) return t.skip(missing)
    await using running = await workload.start()
    const before = running.pids.map(captureState)
    const load = running.startLoad()
    await sleep(500)
    await load.finish()
    assert.deepEqual(
      before.flatMap((state) => stateDifferences(state)),
      [],
    )
  })
}
