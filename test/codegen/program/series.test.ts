import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compiled } from '../../lang/run-program.js'
import { missingTools } from '../../programs/build.js'
import { assertAgreement } from './assert-agreement.js'
import { states } from './machine-states.js'

const lacking = missingTools('gcc')
const SECOND = 1_000_000_000n

/** Seconds: a gap, intervals one after the other, once around, and values that come late: one that still counts, one that does not. */
const seconds = [1n, 205n, 205n, 206n, 208n, 208n, 209n, 210n, 210n, 220n, 222n, 221n, 217n, 222n]
const values = [3n, -4n, 1n << 63n, 0n, 7n]

for (const reduce of ['', ', "avg"', ', "sum"', ', "min"', ', "max"']) {
  test(`tseries(…${reduce}) keeps as machine code what the interpreter keeps`, (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const script = `uprobe:a:b {
      @u = tseries(arg0, 1s, 4${reduce}); @s = tseries((int64)arg0, 2s, 3${reduce}); @one = tseries(arg0, 1s, 1${reduce});
      @k[arg1] = tseries((int64)arg0, 1s, 4${reduce}); @n = len(@k); if (arg1 == 2) { delete(@s) } if (arg0 == 7) { delete(@k, 0) } }`
    const hits = seconds.map((second, at) => ({
      handler: 0,
      arguments: [values[at % values.length] ?? 0n, BigInt(at % 3), 0n],
      returnValue: 0n,
      tai: second * SECOND + BigInt(at),
    }))
    const cases = states.map((state) => ({ program: compiled(script), hits, memory: new Map(), state }))
    const { refused } = assertAgreement(cases, () => script)
    assert.deepEqual([...refused], [])
  })
}
