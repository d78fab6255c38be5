import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { offsetBy } from '../../../src/bytes/address.js'
import type { DeadState } from '../../../src/codegen/x64/preserve.js'
import type { Program } from '../../../src/ir/program.js'
import { isRefusal, type Refusal } from '../../../src/refusal/refusal.js'
import { EventRings } from '../../../src/store/event-ring.js'
import { CONTROL, type ProgramLayout } from '../../../src/store/program-layout.js'
import { ProgramReader } from '../../../src/store/program-reader.js'
import { checkoutRoot } from '../../programs/checkout.js'
import { parseWords, usableProcessors } from '../code-runner.js'
import { CODE_AT, type GeneratedProgram, generateAll } from './generate-program.js'

export const fixedClocks = {
  boot: 1_000_000_123n,
  monotonic: 900_000_000n,
  tai: 1_700_000_000_000_000_000n,
  start: 1_000_000_000n,
}
export const SEED = 0x1234_5678_9abc_def0n

/** One hit of one handler of a program. */
export interface CaseHit {
  readonly handler: number
  readonly arguments: readonly bigint[]
  readonly returnValue: bigint
  /** The clock's time from here on, if it is not that of the hit before. */
  readonly tai?: bigint
}

export interface RunCase {
  readonly program: Program
  readonly hits: readonly CaseHit[]
  /** Pages, by their addresses. */
  readonly memory: ReadonlyMap<bigint, Uint8Array>
  readonly state: DeadState
}

/** What a case left behind; or what was wrong with a hit. */
export interface CaseOutcome {
  readonly layout: ProgramLayout
  readonly problems: readonly string[]
  readonly area: Buffer
  readonly reader: ProgramReader
  readonly rings: EventRings
}

export function processorUsed(): number {
  const [first = 0] = usableProcessors(
    /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0',
  )
  return first
}

/** Runs all cases in one process. Those that cannot be generated give their refusal. */
export function runCases(cases: readonly RunCase[]): (CaseOutcome | Refusal)[] {
  const made = cases.map(({ program, state }) => generateAll(program, state))
  const input = cases.flatMap((one, at) => {
    const program = made[at]
    return program === undefined || isRefusal(program) ? [] : linesOf(one, program)
  })
  const answers = input.length === 0 ? [] : runLines(input)
  let next = 0
  return cases.map((one, at) => {
    const program = made[at]
    if (program === undefined || isRefusal(program)) return program ?? assert.fail()
    const problems = one.hits.flatMap(({ handler }, hit) => {
      const answer = answers[next++] ?? 'no answer'
      return answer.startsWith('ok') ? [] : [`hit ${hit} of handler ${handler}: ${answer}`]
    })
    return outcome(one.program, program.layout, problems, answers[next++] ?? '')
  })
}

function outcome(program: Program, layout: ProgramLayout, problems: readonly string[], dump: string): CaseOutcome {
  const area = Buffer.alloc(layout.size)
  for (const [offset, word] of dump === '' ? [] : parseWords(dump.split(' '))) area.writeBigUInt64LE(word, offset)
  const read = (offset: number, length: number): Uint8Array => area.subarray(offset, offset + length)
  const [reader, rings] = [new ProgramReader(program, layout, read), new EventRings(program, layout, read)]
  return { layout, problems, area, reader, rings }
}

function linesOf({ hits, memory, state }: RunCase, { code, entries, fixups, layout }: GeneratedProgram): string[] {
  const word = (offset: number, value: bigint): string => `word ${offset.toString(16)} ${value.toString(16)}`
  const { start, ...clocks } = fixedClocks
  const dead = state.deadRegisters.reduce((mask, register) => mask | (1 << register), 0)
  return [
    `code ${code.toString('hex')}`,
    `data ${layout.size.toString(16)}`,
    word(CONTROL.live, 1n),
    word(CONTROL.seed, SEED),
    word(CONTROL.start, start),
    ...(['boot', 'monotonic', 'tai'] as const).map((clock) => word(CONTROL[clock], clocks[clock])),
    ...[...memory].map(([at, bytes]) => `memory ${at.toString(16)} ${Buffer.from(bytes).toString('hex')}`),
    ...fixups.map(
      ({ at, landing }) => `fixup ${offsetBy(CODE_AT, at).toString(16)} ${offsetBy(CODE_AT, landing).toString(16)}`,
    ),
    ...hits.flatMap(({ handler, arguments: given, returnValue, tai }) => {
      const { entry, exit } = entries[handler] ?? assert.fail()
      const places = [entry, exit].map((offset) => offsetBy(CODE_AT, offset))
      const values = [...Array.from({ length: 6 }, (_, at) => given[at] ?? 0n), returnValue]
      const numbers = [...places, ...values].map((number) => BigInt.asUintN(64, number).toString(16))
      const line = `hit ${numbers.join(' ')} ${dead.toString(16)} ${state.flagsDead ? 1 : 0}`
      return tai === undefined ? [line] : [word(CONTROL.tai, tai), line]
    }),
    'dump',
  ]
}

function runLines(lines: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'ring3-program-'))
  try {
    const program = join(folder, 'run-program')
    const source = join(checkoutRoot, 'test/codegen/program/run-program.c')
    const flags = ['-O1', '-Wall', '-Wextra', '-mno-red-zone']
    const built = spawnSync('gcc', [...flags, '-o', program, source], { encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
    const ran = spawnSync(program, [String(processorUsed())], {
      input: `${lines.join('\n')}\n`,
      encoding: 'utf8',
      timeout: 120_000,
      maxBuffer: 2 ** 30,
    })
    assert.equal(ran.status, 0, `run-program: ${ran.signal ?? ran.status} ${ran.stderr}`)
    return ran.stdout.split('\n').slice(0, -1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
