import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from '../programs/start-target.js'
import { allWorkloads } from '../workloads/all-workloads.js'

for (const workload of allWorkloads) {
  test(`${workload.name} serves its load without a failure when nothing probes it`, async (t) => {
    const missing = workload.missing()
    if (missing !== undefined) return t.skip(missing)
    const running = await workload.start()
    try {
      const load = running.startLoad()
      await sleep(1000)
      const result = await load.finish()
      assert.deepEqual(
        { ...result, requests: result.requests > 100 },
        { requests: true, failures: 0, wrongAnswers: 0, notes: [] },
      )
      assert.deepEqual(await running.complaints(), [])
      t.diagnostic(`${result.requests} requests`)
    } finally {
      await running.stop()
    }
    assert.deepEqual(running.pids.filter(isAlive), [])
  })
}
