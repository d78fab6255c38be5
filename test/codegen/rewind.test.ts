import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Assembler, RSP } from '../../src/codegen/x64/assembler.js'
import type { CounterForm } from '../../src/codegen/x64/counter-form.js'
import { perCpuCounter } from '../../src/codegen/x64/per-cpu-counter.js'
import { perThreadCounter } from '../../src/codegen/x64/per-thread-counter.js'
import type { DeadState } from '../../src/codegen/x64/preserve.js'
import { type Rewinding, rewindingFor } from '../../src/codegen/x64/rewind.js'
import { sharedCounter } from '../../src/codegen/x64/shared-counter.js'
import type { TrampolineCode } from '../../src/codegen/x64/trampolines.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { readProcessor } from '../../src/kernel/processor.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { counterLayout } from '../../src/store/counter-layout.js'
import { missingTools } from '../programs/build.js'
import { CODE_AT, type CodeRun, runAll } from './code-runner.js'
import { CounterTable } from './counter-table.js'
import { countOneSite } from './counting.js'
import { deadStates, inWords } from './dead-states.js'

const FACTOR = 0x9e3779b1
const KEY = 0x7f00_1234_5740n
const processor = readProcessor(openRealDoor())
const layout = counterLayout({ sites: 3, blocks: 64 })

/** A thread that has come to an instruction of the counting part, and what is said to take it back. */
interface Stop {
  readonly state: DeadState
  readonly made: TrampolineCode
  readonly at: number
  readonly rewinding: Rewinding
}

/** Where instructions of the trampoline begin, the displaced one included. */
function boundaries({ code, trampolines }: TrampolineCode): { readonly start: number; readonly offsets: number[] } {
  const [trampoline] = trampolines
  assert.ok(trampoline)
  const lines = x64.disassemble(code.subarray(trampoline.start, trampoline.end), CODE_AT)
  return { start: trampoline.start, offsets: lines.map(({ address }) => Number(address - CODE_AT)) }
}

function stopsOf(form: CounterForm, state: DeadState): Stop[] {
  const made = countOneSite(form, layout, 1, state)
  const { start, offsets } = boundaries(made)
  return offsets.map((offset) => {
    const rewinding = rewindingFor(made.code.subarray(start, start + offset))
    assert.ok(rewinding, `${form.name}, ${inWords(state)}: byte ${offset} of the trampoline`)
    return { state, made, at: start + offset, rewinding }
  })
}

/** The code up to the stop, then instructions that do what the rewinding says, in place of the tracer. */
function rewound({ state, made, at, rewinding }: Stop): CodeRun {
  const asm = new Assembler(CODE_AT)
  asm.append(made.code.subarray(0, at))
  if (rewinding.flags === 'in-ax') asm.restoreFlags()
  if (rewinding.flags === 'overflow-in-eflags') asm.emit(0x9e)
  for (const { register, stackOffset } of rewinding.restored) asm.load(register, RSP, stackOffset)
  asm.moveStack(rewinding.stackDelta)
  asm.emit(0xcc)
  const code = asm.finish()
  const trampolines = made.trampolines.map((each) => ({ ...each, end: code.length }))
  const table = new CounterTable(layout, FACTOR, 1n)
  table.own(table.home(KEY), KEY)
  return { ...state, made: { ...made, code, trampolines }, layout, before: table.words(), keys: [KEY, KEY, KEY] }
}

for (const form of [perThreadCounter(FACTOR), perCpuCounter, sharedCounter]) {
  test(`${form.name}: a thread is taken back to the site from every instruction of the counting part`, (t) => {
    const missing = missingTools('gcc')
    if (missing !== undefined) return t.skip(missing)
    if (form === perCpuCounter && !processor.flags.has('rdpid')) return t.skip('the processor has no rdpid')
    const stops = deadStates(2).flatMap((state) => stopsOf(form, state))
    runAll(stops.map(rewound), (index) => {
      const stop = stops[index] ?? assert.fail()
      return `${inWords(stop.state)}; stopped at byte ${stop.at} of the code`
    })
    t.diagnostic(`${stops.length} places to stop at`)
  })
}

test('code that no trampoline has is not rewound', () => {
  for (const hex of ['00', '90', 'cc', '0f05', '488d', '4883ec08', 'e800000000', 'c3']) {
    assert.equal(rewindingFor(Buffer.from(hex, 'hex')), undefined, hex)
  }
})

test('a thread that stands inside an instruction is not rewound', () => {
  const made = countOneSite(perThreadCounter(FACTOR), layout, 1)
  const { start, offsets } = boundaries(made)
  const last = offsets.at(-1) ?? assert.fail()
  for (let offset = 0; offset < last; offset++) {
    const known = rewindingFor(made.code.subarray(start, start + offset)) !== undefined
    assert.equal(known, offsets.includes(offset), `byte ${offset}`)
  }
})
