import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, isError } from '../../src/kernel/door.js'
import { EIO, ENOENT, ESRCH, errnoName } from '../../src/kernel/errno.js'
import { insist } from '../../src/kernel/insist.js'
import { KernelError } from '../../src/kernel/kernel-error.js'
import { openRealDoor } from '../../src/kernel/real-door.js'

test('the text names the call, its arguments, the error and the purpose', () => {
  const request = { name: 'ptrace', args: [16902, 4711, 0, 0n], purpose: 'PTRACE_SEIZE' } as const
  assert.equal(new KernelError(request, ESRCH).message, 'ptrace(16902, 4711, 0, 0): ESRCH (PTRACE_SEIZE)')
})

test('paths are quoted, addresses in hexadecimal, and buffers named by their size', () => {
  const request = { name: 'pread64', args: ['/a "b"\n', new Uint8Array(17), 0x7f00_0000_1000n, -100] } as const
  assert.equal(
    new KernelError(request, ENOENT).message,
    String.raw`pread64("/a \"b\"\n", 17 bytes, 0x7f0000001000, -100): ENOENT`,
  )
})

test('an error without a name is told by its number', () => {
  assert.equal(errnoName(EIO), 'EIO')
  assert.equal(errnoName(4000), 'errno 4000')
})

test('the results from -4095 to -1 are errors, and addresses in the upper half are none', () => {
  assert.deepEqual([-4096, -4095, -1, 0, 1].map(isError), [false, true, true, false, false])
})

test('a call that the kernel refuses throws what the kernel said', () => {
  const request = { name: 'openat', args: [-100, '/no such file', 0, 0] } as const
  assert.throws(
    () => call(openRealDoor(), request),
    (error) => error instanceof KernelError && error.errno === ENOENT && error.call === request,
  )
})

test('what puts the target back is tried three times, for kernel errors only', () => {
  const failing = (times: number, error: Error) => {
    let left = times
    return () => {
      if (left-- > 0) throw error
      return 'done'
    }
  }
  const refused = new KernelError({ name: 'munmap', args: [] }, EIO)
  assert.equal(insist(failing(2, refused)), 'done')
  assert.throws(() => insist(failing(3, refused)), refused)
  const defect = new Error('a defect')
  assert.throws(() => insist(failing(1, defect)), defect)
})
