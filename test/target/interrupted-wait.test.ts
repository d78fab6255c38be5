import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InterruptedWait } from '../../src/target/interrupted-wait.js'
import { Registers } from '../../src/target/registers.js'

const EINTR = -4n
const ERESTARTNOHAND = -514n
const ignored = (): boolean => false
const nowhere = (): undefined => undefined

function inEpollWait(timeoutMs: number, call = 232n): Registers {
  const registers = new Registers()
  registers.set('orig_rax', call)
  registers.set('rax', BigInt.asUintN(64, EINTR))
  registers.set('r10', BigInt.asUintN(32, BigInt(timeoutMs)))
  return registers
}

/** What the call gives when it is interrupted at each of these times. */
function results(timeoutMs: number, times: readonly number[], isCaught = ignored, call = 232n): readonly bigint[] {
  const wait = new InterruptedWait()
  return times.map((now) => {
    const registers = inEpollWait(timeoutMs, call)
    assert.equal(wait.restart(registers, { nowMs: now, isCaught, readWord: nowhere }), true)
    return registers.signed('rax')
  })
}

test('a wait that is interrupted again and again is over when its time is', () => {
  const given = results(20, [100, 105, 110, 115, 119, 121, 125])
  assert.deepEqual(given, [...Array.from({ length: 5 }, () => ERESTARTNOHAND), 0n, ERESTARTNOHAND])
})

test('a wait after one that must have ended has all of its time', () => {
  assert.deepEqual(
    results(20, [100, 115, 136, 150]),
    Array.from({ length: 4 }, () => ERESTARTNOHAND),
  )
})

test('a wait without end does not end, nor one whose signal has a handler, nor another call', () => {
  const forEver = Array.from({ length: 4 }, () => ERESTARTNOHAND)
  assert.deepEqual(results(-1, [0, 15, 30, 45]), forEver)
  assert.deepEqual(
    results(20, [0, 15, 30, 45], () => true),
    forEver,
  )
  assert.deepEqual(results(20, [0, 15, 30, 45], ignored, 65n), forEver)
})

test('a call that nothing has ended is left alone', () => {
  const registers = inEpollWait(20)
  registers.set('rax', 3n)
  assert.equal(new InterruptedWait().restart(registers, { nowMs: 0, isCaught: ignored, readWord: nowhere }), false)
  assert.equal(registers.get('rax'), 3n)
})

/** struct timespec, 20 ms. */
const TIME_AT = 0x7000n
const timespec = (at: bigint): bigint | undefined =>
  new Map([
    [TIME_AT, 0n],
    [TIME_AT + 8n, 20_000_000n],
  ]).get(at)

for (const [name, call, register] of [
  ['epoll_pwait2', 441n, 'r10'],
  ['io_getevents', 208n, 'r8'],
  ['io_pgetevents', 333n, 'r8'],
] as const) {
  test(`${name} finds its time in memory`, () => {
    const given = (at: bigint): bigint[] => {
      const wait = new InterruptedWait()
      return [100, 110, 119, 125].map((nowMs) => {
        const registers = inEpollWait(-1, call)
        registers.set(register, at)
        assert.equal(wait.restart(registers, { nowMs, isCaught: ignored, readWord: timespec }), true)
        return registers.signed('rax')
      })
    }
    assert.deepEqual(given(TIME_AT), [ERESTARTNOHAND, ERESTARTNOHAND, ERESTARTNOHAND, 0n])
    const forEver = Array.from({ length: 4 }, () => ERESTARTNOHAND)
    assert.deepEqual(given(0n), forEver, 'no time is for ever')
    assert.deepEqual(given(0x9000n), forEver, 'a time that cannot be read is none')
  })
}

test('semtimedop and sigtimedwait are never over early', () => {
  const forEver = Array.from({ length: 4 }, () => ERESTARTNOHAND)
  assert.deepEqual(results(20, [0, 15, 30, 45], ignored, 220n), forEver)
  assert.deepEqual(results(20, [0, 15, 30, 45], ignored, 128n), forEver)
})
