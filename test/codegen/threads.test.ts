import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CounterForm } from '../../src/codegen/x64/counter-form.js'
import { perCpuCounter } from '../../src/codegen/x64/per-cpu-counter.js'
import { perThreadCounter } from '../../src/codegen/x64/per-thread-counter.js'
import { sharedCounter } from '../../src/codegen/x64/shared-counter.js'
import { readProcessor } from '../../src/kernel/processor.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import {
  blockOffset,
  type CounterLayout,
  counterLayout,
  counterOffset,
  DIRECTORY_OFFSET,
} from '../../src/store/counter-layout.js'
import { missingTools } from '../programs/build.js'
import { CODE_AT, DATA_AT, Harness, parseWords } from './code-runner.js'
import { allLive, countOneSite, RET } from './counting.js'

const THREADS = 8
/** Short rounds race for blocks, long ones for counters. */
const SHORT = { rounds: 1000, calls: 100 }
const LONG = { rounds: 10, calls: 200_000 }
const processor = readProcessor(openRealDoor())
const lacking = missingTools('gcc')

interface Round {
  readonly calls: bigint
  readonly words: ReadonlyMap<number, bigint>
}

function rounds(form: CounterForm, layout: CounterLayout, how: typeof SHORT): Round[] {
  const made = countOneSite(form, layout, 0, allLive, RET)
  const entry = CODE_AT + BigInt(made.trampolines[0]?.start ?? assert.fail())
  using harness = new Harness('run-threads')
  const numbers = [DATA_AT, layout.size, THREADS, how.calls, how.rounds].map((number) => number.toString(16))
  const lines = harness.lines([CODE_AT.toString(16), made.code.toString('hex'), entry.toString(16), ...numbers])
  return lines.map((line) => {
    const [calls = '', ...words] = line.split(' ')
    return { calls: BigInt(`0x${calls}`), words: parseWords(words) }
  })
}

function countedIn({ words }: Round, layout: CounterLayout): bigint {
  const blocks = Array.from({ length: layout.blocks }, (_, block) => blockOffset(layout, block))
  blocks.push(layout.overflowOffset ?? assert.fail())
  return blocks.reduce((sum, block) => sum + (words.get(block + counterOffset(0)) ?? 0n), 0n)
}

function assertOwnersAreEntered({ words }: Round, layout: CounterLayout): void {
  for (let block = 0; block < layout.blocks; block++) {
    const owner = words.get(blockOffset(layout, block))
    const at = DIRECTORY_OFFSET + block
    const entered = ((words.get(at - (at % 8)) ?? 0n) >> BigInt(8 * (at % 8))) & 0xffn
    assert.equal(entered, owner === undefined ? 0n : 1n, `directory entry of block ${block}`)
  }
}

for (const [what, blocks] of [
  ['a block for everybody', 64],
  ['as many blocks as threads', 8],
  ['too few blocks', 4],
] as const) {
  test(`eight threads and a signal handler count exactly in a table with ${what}`, (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const layout = counterLayout({ sites: 1, blocks })
    const all = rounds(perThreadCounter(0x9e3779b1), layout, SHORT)
    assert.equal(all.length, SHORT.rounds)
    for (const round of all) {
      assert.equal(countedIn(round, layout), round.calls)
      assertOwnersAreEntered(round, layout)
    }
    const handled = all.reduce((sum, { calls }) => sum + calls, 0n) - BigInt(SHORT.rounds * THREADS * SHORT.calls)
    assert.ok(handled > 0n, 'handlers counted too')
    t.diagnostic(`${handled} calls were made by signal handlers`)
  })
}

test('eight threads and a signal handler count exactly in one shared block', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const layout = counterLayout({ sites: 1, blocks: 1 })
  for (const round of rounds(sharedCounter, layout, LONG)) assert.equal(countedIn(round, layout), round.calls)
})

test('eight threads and a signal handler count exactly in a block for each processor', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  if (!processor.flags.has('rdpid')) return t.skip('the processor has no rdpid')
  const layout = counterLayout({ sites: 1, blocks: 2 ** Math.ceil(Math.log2(processor.possible ?? 1)) })
  for (const round of rounds(perCpuCounter, layout, LONG)) assert.equal(countedIn(round, layout), round.calls)
})
