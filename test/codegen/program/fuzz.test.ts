import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from '../../../src/lang/compile.js'
import { defaultOptions } from '../../../src/lang/compile-options.js'
import { anyProgram } from '../../lang/any-program.js'
import { missingTools } from '../../programs/build.js'
import { assertAgreement } from './assert-agreement.js'
import { states } from './machine-states.js'
import type { RunCase } from './run-cases.js'

const lacking = missingTools('gcc')
const PAGE = 0x4000_0000n
const seed = Number(process.env['RING3_FUZZ_SEED'] ?? 7)
const programs = Number(process.env['RING3_FUZZ_PROGRAMS'] ?? 600)

const page = Buffer.alloc(4096)
for (let at = 0; at < page.length; at++) page[at] = (at * 37 + 11) & (at % 7 === 0 ? 0 : 0xff)

/** Machine code and interpreter of programs that nobody would write. */
test('random programs do as machine code what the interpreter does', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const scripts: string[] = []
  const cases: RunCase[] = []
  fc.sample(anyProgram, { numRuns: 3 * programs, seed }).forEach((script, at) => {
    const settings = new Map([
      ['max_loop_turns', '50'],
      ['max_strlen', '64'],
      ['max_map_keys', '32'],
    ])
    const compilation = compile('stdin', script, { ...defaultOptions, settings })
    if (compilation.kind === 'rejected') return
    const address = PAGE + BigInt((at * 61) % 4096)
    const hits = [5n, 0n, 1n << 63n].map((value, hit) => ({
      handler: 0,
      arguments: [value, hit === 1 ? BigInt(at) : address, 3n],
      returnValue: 0n,
    }))
    scripts.push(script)
    cases.push({
      program: compilation.program,
      hits,
      memory: new Map([[PAGE, page]]),
      state: states[at % 3] ?? assert.fail(),
    })
  })
  const { ran, refused } = assertAgreement(cases, (at) => `seed ${seed}: ${scripts[at]}`)
  t.diagnostic(`${ran} ran, refused: ${JSON.stringify([...refused])}`)
  assert.ok(ran > programs / 4, `only ${ran} of the programs ran`)
})
