import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { CountProcess } from '../runtime/ring3-cli.js'
import { captureState, stateDifferences } from '../runtime/target-state.js'
import type { Way } from '../runtime/ways.js'

/** How often an instruction was executed, by its pattern `MODULE:0xOFFSET`. */
export type InstructionCounts = ReadonlyMap<string, bigint>

interface TextRange {
  readonly start: bigint
  readonly end: bigint
  readonly offset: bigint
  readonly module: string
}

function textOf(pid: number): readonly TextRange[] {
  return readFileSync(`/proc/${pid}/maps`, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [, from, to, offset, path] = /^(\w+)-(\w+) r-xp (\w+) \S+ \d+\s+(\/.*)$/.exec(line) ?? []
      if (path === undefined) return []
      return [
        {
          start: BigInt(`0x${from}`),
          end: BigInt(`0x${to}`),
          offset: BigInt(`0x${offset}`),
          module: basename(path).replace(/\.so\b.*$/, ''),
        },
      ]
    })
}

function patternOf(ranges: readonly TextRange[], address: bigint): string | undefined {
  const range = ranges.find(({ start, end }) => start <= address && address < end)
  return range && `${range.module}:0x${(address - range.start + range.offset).toString(16)}`
}

/** Programs that do real work, and the modules whose instructions are probed. */
export const works = ['sqlite', 'python'] as const

export type Work = (typeof works)[number]

async function commandOf(work: Work): Promise<readonly string[] | { readonly missing: string }> {
  if (work === 'python') {
    const python = '/usr/bin/python3'
    const program = join(import.meta.dirname, '../../../test/programs/python-work.py')
    return existsSync(python) ? ['/usr/bin/env', 'PYTHONHASHSEED=0', python, program] : { missing: `no ${python}` }
  }
  const built = await buildProgram('sqlite-work')
  return built.kind === 'missing' ? { missing: built.because } : [built.path]
}

/** Rounds that find caches cold. */
const WARM_ROUNDS = 2

/** The program, with everything at the same address each time, so that it does the same each time; it is warm. */
export async function startWork(work: Work): Promise<Target | { readonly missing: string }> {
  const command = await commandOf(work)
  if ('missing' in command) return command
  const target = await startTarget('/usr/bin/setarch', ['-R', ...command])
  for (let warm = 0; warm < WARM_ROUNDS; warm++) await target.ask('go', /^sum=/)
  return target
}

/** For a round that is single-stepped, or trapped all the time, on a machine that does other things as well. */
const ROUND_MS = 900_000

/** A round is over when the next command is waited for, which is a little after the answer. */
const AFTER_ANSWER_MS = 500

/** What each instruction of a round of work is executed, as single-stepping tells, with the round's answer. */
export interface Reference {
  readonly work: Work
  readonly answer: string
  readonly counts: InstructionCounts
}

/** Of the first round of a warm process. */
export async function stepRound(name: Work): Promise<Reference | { readonly missing: string }> {
  const started = await startWork(name)
  if ('missing' in started) return started
  await using work = started
  const built = await buildProgram('step-counter')
  if (built.kind === 'missing') throw new Error(built.because)
  await using stepper = await startTarget(built.path, [String(work.pid)])
  const answer = await work.ask('go', /^sum=/, ROUND_MS)
  await sleep(AFTER_ANSWER_MS)
  process.kill(stepper.pid, 'SIGINT')
  await stepper.exited
  const ranges = textOf(work.pid)
  const counts = new Map<string, bigint>()
  for (const line of stepper.stdout.all) {
    const [, address, count] = /^(\d+) (\d+)$/.exec(line) ?? []
    const pattern = address === undefined ? undefined : patternOf(ranges, BigInt(address))
    if (pattern !== undefined) counts.set(pattern, BigInt(count ?? 0))
  }
  return { work: name, answer, counts }
}

/**
 * Of every seventh of the instructions that were executed, at most so many of a module, evenly spread over it, and none too busy
 * for the way.
 */
export function everySeventh(counts: InstructionCounts, most: number, busiest: bigint): string[] {
  const moduleOf = (pattern: string): string => pattern.split(':')[0] ?? ''
  const all = [...counts.keys()].toSorted()
  return [...new Set(all.map(moduleOf))].flatMap((module) => {
    const seventh = all
      .filter((pattern) => moduleOf(pattern) === module)
      .filter((_, at) => at % 7 === 0)
      .filter((pattern) => (counts.get(pattern) ?? 0n) <= busiest)
    const stride = Math.max(1, Math.floor(seventh.length / most))
    return seventh.filter((_, at) => at % stride === 0).slice(0, most)
  })
}

/** In parts of at most so many. */
export function inParts<T>(items: readonly T[], most: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, at) => items.slice(most * at, most * (at + 1)))
}

export interface SeventhReport {
  readonly way: string
  readonly probes: number
  readonly hits: bigint
  readonly refused: readonly { readonly site: string; readonly code: string }[]
  readonly problems: readonly string[]
}

/** A round of work with all of them probed: the same answer, and exactly as many hits as when it was stepped through. */
export async function countEverySeventh(
  work: Target,
  reference: Reference,
  patterns: readonly string[],
  way: Way,
): Promise<SeventhReport> {
  const before = captureState(work.pid)
  await using count = new CountProcess(work.pid, patterns, ['--all', ...way.args])
  const attached = await count.attached()
  const answer = await work.ask('go', /^sum=/, ROUND_MS)
  await sleep(AFTER_ANSWER_MS)
  const { counts, code, stderr } = await count.finish()
  const problems = stateDifferences(before)
  const refused = new Set(attached.refused.map(({ site }) => site))
  const wrong = patterns
    .filter((pattern) => !refused.has(pattern) && counts.get(pattern) !== reference.counts.get(pattern))
    .map((pattern) => `${pattern}: executed ${reference.counts.get(pattern)} times, counted ${counts.get(pattern)}`)
  return {
    way: way.name,
    probes: attached.probes,
    hits: [...counts.values()].reduce((sum, hits) => sum + hits, 0n),
    refused: attached.refused,
    problems: [
      ...problems,
      ...wrong,
      ...(answer === reference.answer ? [] : [`answered ${answer} instead of ${reference.answer}`]),
      ...(code === 0 ? [] : [`ring3 ended with ${code}: ${stderr}`]),
    ],
  }
}
