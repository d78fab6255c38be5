import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, address, fileOffset, type Vaddr, vaddr } from '../../../src/bytes/address.js'
import type { CodeFacts } from '../../../src/isa/code-facts.js'
import { x64 } from '../../../src/isa/x64/x64.js'
import { planHardware } from '../../../src/mechanisms/hardware/plan.js'
import type { ModuleSites } from '../../../src/probe/site.js'
import { parseWatchpoint, type Watchpoint } from '../../../src/probe/watchpoint.js'
import { isRefusal } from '../../../src/refusal/refusal.js'

const TEXT = 0x1000
const BASE = 0x55_0000_0000n

function inTarget(at: Vaddr): Address {
  return address(BASE + BigInt(at))
}

/** A function `push %rbp; mov %rsp,%rbp; ret`, and eight bytes that belong to none. */
const facts: CodeFacts = {
  text: [{ start: vaddr(TEXT), bytes: Buffer.from('554889e5c39090909090909090', 'hex') }],
  data: [],
  functions: [{ start: vaddr(TEXT), end: vaddr(TEXT + 5) }],
  labels: new Float64Array(),
  framed: new Float64Array(),
  hasRedZone: true,
  preemptible: new Float64Array(),
  restartable: new Float64Array(),
}

function moduleWith(...offsets: readonly number[]): ModuleSites {
  const sites = offsets.map((offset) => {
    const at = vaddr(TEXT + offset)
    return { key: `m:f+${offset}`, vaddr: at, fileOffset: fileOffset(at), address: inTarget(at) }
  })
  return { path: '/m', start: address(BASE), end: address(BASE + 0x2000n), facts, sites }
}

function watchpoint(text: string): Watchpoint {
  const parsed = parseWatchpoint(text)
  assert.ok(!isRefusal(parsed) && parsed.kind === 'watchpoint')
  return parsed
}

function planned(modules: readonly ModuleSites[], ...watchpoints: readonly string[]) {
  const { breakpoints, refused, refusedWatchpoints } = planHardware(modules, watchpoints.map(watchpoint), x64)
  return {
    served: breakpoints.map(({ key }) => key),
    refused: [
      ...refusedWatchpoints.map(({ watchpoint: { text }, refusal }) => [text, refusal.code]),
      ...refused.map(({ site, refusal }) => [site.key, refusal.code]),
    ],
  }
}

test('any instruction of a function is served, and so is code of which no function is known', () => {
  assert.deepEqual(planned([moduleWith(0, 1, 4, 8)]), {
    served: ['m:f+0', 'm:f+1', 'm:f+4', 'm:f+8'],
    refused: [],
  })
})

test('the inside of an instruction and what is no text are refused, and take no register', () => {
  assert.deepEqual(planned([moduleWith(2, 0x100, 0, 1, 4, 8)]), {
    served: ['m:f+0', 'm:f+1', 'm:f+4', 'm:f+8'],
    refused: [
      ['m:f+2', 'not-an-instruction'],
      ['m:f+256', 'not-text'],
    ],
  })
})

test('there are four registers, watchpoints have them first, and the fifth probe is refused', () => {
  assert.deepEqual(planned([moduleWith(0, 1), moduleWith(4)], 'w:0x601040:8:w', 'watchpoint:0x601048:4:rw'), {
    served: ['w:0x601040:8:w', 'watchpoint:0x601048:4:rw', 'm:f+0', 'm:f+1'],
    refused: [['m:f+4', 'hardware-exhausted']],
  })
  const five = ['0x10', '0x20', '0x30', '0x40', '0x50'].map((at) => `w:${at}:8:w`)
  assert.deepEqual(planned([moduleWith(0)], ...five), {
    served: five.slice(0, 4),
    refused: [
      ['w:0x50:8:w', 'hardware-exhausted'],
      ['m:f+0', 'hardware-exhausted'],
    ],
  })
})

test('a breakpoint is where the site is in the target, with the length that the kernel wants', () => {
  const module = moduleWith(1)
  const { breakpoints, served } = planHardware([module], [watchpoint('w:0x601040:2:rw')], x64)
  assert.deepEqual(served, module.sites)
  assert.deepEqual(breakpoints, [
    { key: 'w:0x601040:2:rw', access: 'read-write', address: 0x601040n, length: 2 },
    { key: 'm:f+1', access: 'execute', address: inTarget(vaddr(TEXT + 1)), length: 8 },
  ])
})
