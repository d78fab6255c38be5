import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { perCpuCounter } from '../../src/codegen/x64/per-cpu-counter.js'
import { readProcessor } from '../../src/kernel/processor.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { blockOffset, counterLayout, counterOffset } from '../../src/store/counter-layout.js'
import { missingTools } from '../programs/build.js'
import { runAll, usableProcessors } from './code-runner.js'
import { countOneSite } from './counting.js'

const SITE = 1
const processor = readProcessor(openRealDoor())
const lacking = missingTools('gcc') ?? (processor.flags.has('rdpid') ? undefined : 'the processor has no rdpid')
const layout = counterLayout({ sites: 2, blocks: 2 ** Math.ceil(Math.log2(processor.possible ?? 1)) })
const keys = new Array<bigint>(20).fill(0x7f00_0000_0740n)

function allowedProcessors(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8')
  return usableProcessors(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? '0')
}

for (const redZone of [0, 128]) {
  for (const flagsDead of [true, false]) {
    test(`each processor counts in its own block, with a red zone of ${redZone} and flags ${flagsDead ? 'dead' : 'live'}`, (t) => {
      if (lacking !== undefined) return t.skip(lacking)
      const cpus = allowedProcessors()
      const cases = cpus.flatMap((cpu) => [[], [0], [3, 9]].map((deadRegisters) => ({ cpu, deadRegisters })))
      const runs = cases.map(({ cpu, deadRegisters }) => {
        const state = { flagsDead, redZone, deadRegisters }
        const made = countOneSite(perCpuCounter, layout, SITE, state)
        return { ...state, made, layout, before: new Map<number, bigint>(), keys, cpu }
      })
      const outcomes = runAll(runs, (index) => `processor ${cases[index]?.cpu}`)
      outcomes.forEach(({ words }, index) => {
        const block = blockOffset(layout, cases[index]?.cpu ?? assert.fail())
        assert.deepEqual(words, new Map([[block + counterOffset(SITE), BigInt(keys.length)]]))
      })
    })
  }
}
