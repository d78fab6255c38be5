import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRefusal } from '../src/refusal/refusal.js'
import { CODE_AT, generateAll, TID_OFFSET, usual } from '../test/codegen/program/generate-program.js'
import { compiled } from '../test/lang/run-program.js'
import { checkoutRoot } from '../test/programs/checkout.js'

/** Work that handlers.c does, too, and what the handler may cost beside it. */
const works = [
  { name: '@ = count()', script: '{ @a = count() }', goal: '≤ 1.5' },
  { name: 'hist(arg0)', script: '{ @b = hist(arg0) }', goal: '≤ 2' },
  { name: 'a false predicate', script: '/arg0 > 1 << 20/ { @c = count() }', goal: '≤ 1.5' },
  { name: '@[tid] = nsecs', script: '{ @d[tid] = nsecs }', goal: '≤ 1.5' },
  { name: '@[arg0] = count(), 1,000 keys', script: '{ @e[arg0] = count() }', goal: '≤ 2' },
  { name: 'printf("%d %d")', script: '{ printf("%d %d", arg0, arg1) }', goal: '≤ 2' },
  { name: 'sum(*(uint64 *)arg1)', script: '{ @f = sum(*(uint64 *)arg1) }', goal: '1 ns more' },
  { name: 'str(arg1, 32) == "no"', script: '{ if (str(arg1, 32) == "no") { @g = count() } }', goal: '–' },
  { name: 'str(arg1) == "no"', script: '{ if (str(arg1) == "no") { @h = count() } }', goal: '–' },
] as const

/** Medians over all rounds, in nanoseconds beyond a call of a function that does nothing. */
export interface HandlerCost {
  readonly name: string
  readonly compiledNs: number
  readonly handlerNs: number
  /** Handler to compiled, the call counted. */
  readonly callRatio: number
  /** The work alone; `undefined` where the processor does the compiled work beside the call. */
  readonly ratio: number | undefined
  readonly goal: string
}

/** Where a function begins: its scratch registers and the flags are dead. */
const state = { flagsDead: true, deadRegisters: [0, 10, 11], redZone: 128 }
const RETURN = 0xc3
const HIDDEN_NS = 0.5
/** Fewer than a ring of 1 MiB holds. */
const CALLS = 30_000

/** Everything in one process, one after the other in each round. */
export function runHandlers(rounds: number): readonly HandlerCost[] {
  const script = works.map(({ script }, at) => `uprobe:a:f${at} ${script}`).join('\n')
  const made = generateAll(compiled(script), state, {
    shape: { slots: 64, ringBytes: 1 << 20, stackTableBytes: 0, stackParts: 0 },
    machine: { tidOffset: TID_OFFSET, hasRdpid: true, hasClock: true },
    constant: (input) => (input.kind === 'tid' ? undefined : usual.constant(input)),
    ending: RETURN,
  })
  if (isRefusal(made)) throw new Error(made.because)
  const { layout, code, entries } = made
  const places = [layout.size, layout.slotsOffset, layout.slotShift, layout.slots, rounds, CALLS]
  const starts = entries.map(({ entry }) => CODE_AT + BigInt(entry))
  return costsOf(
    run(
      code,
      [...places, ...starts].map((number) => number.toString(16)),
    ),
  )
}

function run(code: Uint8Array, numbers: readonly string[]): number[][] {
  const folder = mkdtempSync(join(tmpdir(), 'ring3-handlers-'))
  try {
    const [program, file] = [join(folder, 'handlers'), join(folder, 'code')]
    const source = join(checkoutRoot, 'bench/handlers.c')
    const built = spawnSync('gcc', ['-O2', '-Wall', '-Wextra', '-o', program, source], { encoding: 'utf8' })
    if (built.status !== 0) throw new Error(built.stderr)
    writeFileSync(file, code)
    const ran = spawnSync(program, [file, ...numbers], { encoding: 'utf8', timeout: 300_000 })
    if (ran.status !== 0) throw new Error(`handlers: ${ran.signal ?? ran.status}`)
    return ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').map(Number))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function costsOf(rounds: readonly (readonly number[])[]): HandlerCost[] {
  const column = (at: number): number => medianOf(rounds.map((round) => round[at] ?? Number.NaN))
  const nothing = column(0)
  return works.map(({ name, goal }, at) => {
    const [compiledCall, handlerCall] = [column(1 + 2 * at), column(2 + 2 * at)]
    const [compiledNs, handlerNs] = [compiledCall - nothing, handlerCall - nothing]
    const ratio = compiledNs < HIDDEN_NS ? undefined : handlerNs / compiledNs
    return { name, compiledNs, handlerNs, callRatio: handlerCall / compiledCall, ratio, goal }
  })
}

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
