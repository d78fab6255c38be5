import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { address } from '../../src/bytes/address.js'
import type { TrampolineCode } from '../../src/codegen/x64/trampolines.js'
import type { CounterLayout } from '../../src/store/counter-layout.js'
import { checkoutRoot } from '../programs/checkout.js'

export const CODE_AT = address(0x2_0000_0000n)
export const DATA_AT = address(0x3_0000_0000n)

/** Runs of one piece of counting code, whose displaced instructions are one `int3`. */
export interface CodeRun {
  readonly made: TrampolineCode
  readonly layout: CounterLayout
  /** Words of the data area before the first run, by offset. */
  readonly before: ReadonlyMap<number, bigint>
  /** The thread pointer of each run. */
  readonly keys: readonly bigint[]
  readonly flagsDead: boolean
  readonly deadRegisters: readonly number[]
  readonly redZone: number
  readonly cpu?: number
}

/** How runs ended: the deepest use of the stack, and the words of the data area that are not zero. */
export interface CodeOutcome {
  readonly stackBytes: number
  readonly words: ReadonlyMap<number, bigint>
}

/** A C program of this folder, built for as long as it is needed. */
export class Harness implements Disposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'ring3-codegen-'))
  private readonly program: string

  constructor(name: 'run-code' | 'run-threads') {
    this.program = join(this.folder, name)
    const source = join(checkoutRoot, `test/codegen/${name}.c`)
    const flags = ['-O1', '-Wall', '-Wextra', '-mno-red-zone', '-pthread']
    const built = spawnSync('gcc', [...flags, '-o', this.program, source], { encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
  }

  lines(args: readonly string[], input = ''): string[] {
    const ran = spawnSync(this.program, args, { input, encoding: 'utf8', timeout: 30_000, maxBuffer: 2 ** 28 })
    assert.equal(ran.status, 0, `${this.program}: ${ran.signal ?? ran.status} ${ran.stderr}`)
    return ran.stdout.trimEnd().split('\n')
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Runs everything on the processor. Fails with `describe(index)` where the program would have noticed. */
export function runAll(runs: readonly CodeRun[], describe: (index: number) => string): CodeOutcome[] {
  using harness = new Harness('run-code')
  const answers = harness.lines([], `${runs.map(lineOf).join('\n')}\n`)
  assert.equal(answers.length, runs.length, 'one answer for each run')
  return answers.map((answer, index) => {
    const [verdict, stackBytes = '', ...words] = answer.split(' ')
    assert.equal(verdict, 'ok', `${describe(index)}: ${answer}`)
    return { stackBytes: Number.parseInt(stackBytes, 16), words: parseWords(words) }
  })
}

export function parseWords(words: readonly string[]): Map<number, bigint> {
  return new Map(
    words.map((word) => {
      const [offset = '', value = ''] = word.split(':')
      return [Number.parseInt(offset, 16), BigInt(`0x${value}`)]
    }),
  )
}

function lineOf(run: CodeRun): string {
  const [trampoline] = run.made.trampolines
  assert.ok(trampoline, 'a trampoline was made')
  const before = [...run.before].map(([offset, word]) => `${offset.toString(16)}:${word.toString(16)}`).join(',')
  const dead = run.deadRegisters.reduce((mask, register) => mask | (1 << register), 0)
  return [
    CODE_AT.toString(16),
    run.made.code.toString('hex'),
    (CODE_AT + BigInt(trampoline.start)).toString(16),
    (CODE_AT + BigInt(trampoline.end - 1)).toString(16),
    DATA_AT.toString(16),
    run.layout.size.toString(16),
    before === '' ? '-' : before,
    run.keys.map((key) => key.toString(16)).join(','),
    dead.toString(16),
    run.flagsDead ? 1 : 0,
    run.redZone.toString(16),
    run.cpu === undefined ? '-' : run.cpu.toString(16),
  ].join(' ')
}

/** Processors that this process may run on, at least the first. */
export function usableProcessors(allowedList: string): number[] {
  const numbers = allowedList
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
  return numbers.slice(0, Math.max(1, availableParallelism()))
}
