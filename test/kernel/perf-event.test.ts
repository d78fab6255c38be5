import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { address } from '../../src/bytes/address.js'
import type { KernelCall, KernelDoor } from '../../src/kernel/door.js'
import { encodeBreakpoint, eventId, shareRing } from '../../src/kernel/perf-event.js'
import { PERF_RECORD_LOST, PERF_RECORD_SAMPLE } from '../../src/kernel/perf-ring.js'
import { missingTools } from '../programs/build.js'
import { checkoutRoot } from '../programs/checkout.js'

/** What the kernel's headers see in a struct perf_event_attr, and values of theirs. */
function seenByHeaders(t: TestContext, attr: Buffer): ReadonlyMap<string, number> | undefined {
  const missing = missingTools('gcc')
  if (missing !== undefined) return void t.skip(missing)
  const folder = mkdtempSync(join(tmpdir(), 'ring3-kernel-'))
  try {
    const program = join(folder, 'perf-attr')
    const built = spawnSync('gcc', ['-o', program, join(checkoutRoot, 'test/kernel/perf-attr.c')], { encoding: 'utf8' })
    if (built.stderr.includes('no member')) return void t.skip('the kernel headers are older than 5.13')
    const { stdout } = spawnSync(program, [], { input: attr, encoding: 'utf8' })
    return new Map([...stdout.matchAll(/([\w ]+)=(\d+)/g)].map(([, name = '', value]) => [name.trim(), Number(value)]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function expectFields(seen: ReadonlyMap<string, number>, fields: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(fields)) assert.equal(seen.get(name), value, name)
}

test('an attribute for counting is what the kernel’s headers make of it', (t) => {
  const at = address(0x5555_5555_0008n)
  const seen = seenByHeaders(t, encodeBreakpoint({ access: 'write', address: at, length: 4, sampled: false }))
  if (seen === undefined) return
  expectFields(seen, { type: seen.get('PERF_TYPE_BREAKPOINT'), size: seen.get('PERF_ATTR_SIZE_VER5'), config: 0 })
  expectFields(seen, { bp_type: seen.get('HW_BREAKPOINT_W'), bp_addr: Number(at), bp_len: 4 })
  expectFields(seen, { disabled: 0, inherit: 1, inherit_thread: 1, remove_on_exec: 1, sigtrap: 0 })
  expectFields(seen, { exclude_user: 0, exclude_kernel: 1, exclude_hv: 1 })
  expectFields(seen, { sample_period: 0, sample_type: 0, read_format: 0, sample_regs_user: 0, freq: 0 })
})

test('an attribute for sampling asks for each hit, with the registers, at CLOCK_MONOTONIC', (t) => {
  const seen = seenByHeaders(
    t,
    encodeBreakpoint({ access: 'execute', address: address(0x401001n), length: 8, sampled: true }),
  )
  if (seen === undefined) return
  expectFields(seen, { bp_type: seen.get('HW_BREAKPOINT_X'), bp_addr: 0x401001, bp_len: 8 })
  expectFields(seen, { sample_period: 1, freq: 0, precise_ip: 0, use_clockid: 1, clockid: 1, sample_stack_user: 0 })
  // All of PERF_REG_X86_64 but the segments 12 to 15.
  expectFields(seen, { sample_type: seen.get('what a sample has'), sample_regs_user: 0xff0fff })
})

test('read-write, the record types and the ioctls are those of the headers', (t) => {
  const attr = encodeBreakpoint({ access: 'read-write', address: address(8n), length: 8, sampled: false })
  const seen = seenByHeaders(t, attr)
  if (seen === undefined) return
  const calls: KernelCall[] = []
  const door: KernelDoor = { invoke: (request) => calls.push(request) * 0, pointerTo: () => 0n }
  eventId(door, 3)
  shareRing(door, 4, 3)
  expectFields(seen, { bp_type: seen.get('HW_BREAKPOINT_RW') })
  assert.deepEqual(
    calls.map(({ args }) => args[1]),
    [seen.get('PERF_EVENT_IOC_ID'), seen.get('PERF_EVENT_IOC_SET_OUTPUT')],
  )
  expectFields(seen, { PERF_RECORD_LOST, PERF_RECORD_SAMPLE })
})
