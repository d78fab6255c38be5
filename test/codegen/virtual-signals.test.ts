import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  bitOf,
  chooseVirtualSignals,
  givenBack,
  maskOf,
  residentMask,
  residentSignals,
  shifted,
  takenOver,
  takenSignals,
  toKernel,
  toProgram,
  withoutStandIns,
  withStandInsShown,
} from '../../src/codegen/x64/signals/virtual-signals.js'

const virtual = { standIn: 41, action: 38, witness: 64 }
/** Masks as programs have them: what nobody uses is blocked with everything else or not at all. */
const programMasks = fc.bigInt(0n, 2n ** 64n - 1n).map((mask) => withStandInsShown(mask, virtual))

test('what a program sets is what it sees, and no resident signal is blocked', () => {
  fc.assert(
    fc.property(programMasks, (mask) => {
      assert.equal(toKernel(mask, virtual) & residentMask, 0n)
      assert.equal(toProgram(toKernel(mask, virtual), virtual), mask)
    }),
  )
})

test('a stand-in is blocked exactly when its signal is meant to be', () => {
  for (const signal of residentSignals) {
    assert.equal(toKernel(bitOf(signal), virtual), bitOf(signal + virtual.standIn))
    assert.equal(toKernel(bitOf(signal + virtual.standIn), virtual), 0n)
  }
})

test('a mask means the same to the program between the steps of taking it over', () => {
  fc.assert(
    fc.property(programMasks, (mask) => {
      const first = withoutStandIns(mask, virtual)
      const second = takenOver(first, virtual)
      assert.equal(toProgram(first, virtual), mask)
      assert.equal(toProgram(second, virtual), mask)
      assert.equal(second, toKernel(mask, virtual))
      assert.equal(takenOver(second, virtual), second)
    }),
  )
})

test('a mask is given back as it was, from every step and any number of times', () => {
  fc.assert(
    fc.property(programMasks, (mask) => {
      const first = withoutStandIns(mask, virtual)
      for (const step of [first, takenOver(first, virtual)]) {
        const once = givenBack(step, virtual)
        assert.equal(givenBack(once, virtual), once)
        assert.equal(toProgram(once, virtual), mask)
        assert.equal(withStandInsShown(once, virtual), mask)
      }
    }),
  )
})

test('signals are chosen that are not used, and apart from each other', () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 2n ** 64n - 1n),
      fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { maxLength: 2 }),
      (used, masks) => {
        const chosen = chooseVirtualSignals(used, masks)
        if (chosen === undefined) return
        const taken = [...takenSignals(chosen), chosen.witness]
        assert.equal(new Set(taken).size, 7)
        assert.ok(taken.every((signal) => signal >= 34 && signal <= 64))
        assert.equal(used & maskOf(taken), 0n)
        const stand = maskOf(shifted(chosen.standIn))
        for (const mask of masks) assert.ok((mask & stand) === 0n || (mask & stand) === stand)
      },
    ),
  )
  assert.deepEqual(chooseVirtualSignals(0n, [0n, 2n ** 64n - 1n]), { standIn: 41, action: 40, witness: 64 })
  assert.equal(chooseVirtualSignals(2n ** 64n - 1n, []), undefined)
})
