import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRestarting, restartInterruptedCall } from '../../src/target/interrupted-call.js'
import { Registers } from '../../src/target/registers.js'

const EINTR = -4n
const ERESTARTNOHAND = -514n

/** signal(7), "Interruption of system calls and library functions by stop signals"; numbers from asm/unistd_64.h. */
const endedByStops = [
  ['accept', 43n],
  ['sendto', 44n],
  ['recvfrom', 45n],
  ['sendmsg', 46n],
  ['recvmsg', 47n],
  ['semop', 65n],
  ['rt_sigtimedwait', 128n],
  ['io_getevents', 208n],
  ['semtimedop', 220n],
  ['epoll_wait', 232n],
  ['epoll_pwait', 281n],
  ['accept4', 288n],
  ['io_pgetevents', 333n],
  ['epoll_pwait2', 441n],
] as const

const othersWithEintr = [
  ['close', 3n],
  ['poll', 7n],
  ['pause', 34n],
  ['nanosleep', 35n],
  ['kill', 62n],
  ['futex', 202n],
  ['clock_nanosleep', 230n],
  ['no call', -1n],
] as const

function inCall(call: bigint, result: bigint): Registers {
  const registers = new Registers()
  registers.set('orig_rax', call)
  registers.set('rax', result)
  registers.set('rip', 0x40_1002n)
  return registers
}

for (const [name, number] of endedByStops) {
  test(`${name} that a stop has ended with EINTR is run again`, () => {
    const registers = inCall(number, EINTR)
    assert.equal(restartInterruptedCall(registers), true)
    assert.equal(registers.signed('rax'), ERESTARTNOHAND)
    assert.equal(isRestarting(registers), true)
  })
}

for (const [name, number] of othersWithEintr) {
  test(`EINTR of ${name} is the program’s own`, () => {
    const registers = inCall(number, EINTR)
    const before = Buffer.from(registers.bytes)
    assert.equal(restartInterruptedCall(registers), false)
    assert.deepEqual(registers.bytes, before)
  })
}

test('a call that has succeeded, or failed otherwise, is left alone', () => {
  for (const result of [0n, 1n, 4n, -1n, -11n, -104n]) {
    const registers = inCall(232n, result)
    assert.equal(restartInterruptedCall(registers), false)
    assert.equal(registers.signed('rax'), result)
  }
})

test('the kernel restarts a call for its four restart codes and nothing else', () => {
  const restarting = [-511n, -512n, -513n, -514n, -515n, -516n, -517n, -4n, 0n].filter((result) =>
    isRestarting(inCall(0n, result)),
  )
  assert.deepEqual(restarting, [-512n, -513n, -514n, -516n])
})

test('a restart code in rax outside of a call is the program’s own value', () => {
  assert.equal(isRestarting(inCall(-1n, -512n)), false)
})
