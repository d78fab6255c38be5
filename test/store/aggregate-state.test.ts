import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AggregateType } from '../../src/ir/value-type.js'
import {
  type AggregateState,
  emptyState,
  mergeStates,
  reducedValue,
  takeValue,
} from '../../src/store/aggregate-state.js'

const types: readonly AggregateType[] = [
  { kind: 'count' },
  { kind: 'sum', signed: true },
  { kind: 'sum', signed: false },
  { kind: 'min', signed: true },
  { kind: 'max', signed: true },
  { kind: 'avg', signed: true },
  { kind: 'stats', signed: false },
  { kind: 'hist', bits: 2, signed: true },
  { kind: 'lhist', min: 0n, max: 100n, step: 10n, signed: true },
  { kind: 'tseries', intervalNs: 10n, intervals: 5, reduce: 'sum', signed: true },
  { kind: 'tseries', intervalNs: 10n, intervals: 5, reduce: 'last', signed: true },
]

function taken(type: AggregateType, values: readonly bigint[], from = 0): AggregateState {
  return values.reduce((state, value, at) => takeValue(state, type, value, BigInt(from + at) * 3n), emptyState(type))
}

for (const type of types) {
  test(`${type.kind}: two threads' parts make the whole`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 1n << 62n })),
        fc.array(fc.bigInt({ min: 0n, max: 1n << 62n })),
        (a, b) => {
          const merged = mergeStates(taken(type, a), taken(type, b, a.length), type)
          assert.deepEqual(merged, taken(type, [...a, ...b]))
        },
      ),
    )
  })
}

test('what states stand for', () => {
  const value = (type: AggregateType, values: readonly bigint[]): bigint => reducedValue(taken(type, values))
  assert.equal(value({ kind: 'count' }, [1n, 1n, 1n]), 3n)
  assert.equal(value({ kind: 'sum', signed: true }, [5n, -8n]), -3n)
  assert.equal(value({ kind: 'sum', signed: false }, [(1n << 64n) - 1n, 2n]), 1n)
  assert.equal(value({ kind: 'min', signed: true }, [5n, -8n, 3n]), -8n)
  assert.equal(value({ kind: 'max', signed: true }, [-5n, -8n]), -5n)
  assert.equal(value({ kind: 'avg', signed: true }, [-5n, -6n]), -5n)
  assert.equal(value({ kind: 'avg', signed: true }, []), 0n)
  assert.equal(value({ kind: 'hist', bits: 0, signed: true }, [1n, 2n, 1000n]), 3n)
})

test('a time series keeps its newest intervals', () => {
  const type = { kind: 'tseries', intervalNs: 10n, intervals: 2, reduce: 'max', signed: true } as const
  const state = [0n, 12n, 15n, 33n].reduce((so, now) => takeValue(so, type, now, now), emptyState(type))
  assert.deepEqual(state, { kind: 'tseries', intervals: new Map([[3n, { count: 1n, total: 33n }]]) })
})
