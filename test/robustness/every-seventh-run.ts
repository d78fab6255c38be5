import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
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
        { start: BigInt(`0x${from}`), end: BigInt(`0x${to}`), offset: BigInt(`0x${offset}`), module: basename(path) },
      ]
    })
}

function patternOf(ranges: readonly TextRange[], address: bigint): string | undefined {
  const range = ranges.find(({ start, end }) => start <= address && address < end)
  return range && `${range.module}:0x${(address - range.start + range.offset).toString(16)}`
}

/** The program, with everything at the same address each time, so that it does the same each time. */
export async function startWork(): Promise<Target | { readonly missing: string }> {
  const built = await buildProgram('sqlite-work')
  if (built.kind === 'missing') return { missing: built.because }
  return startTarget('/usr/bin/setarch', ['-R', built.path])
}

/** What each instruction of a round of work is executed, as single-stepping tells, with the round's answer. */
export async function stepRound(
  work: Target,
): Promise<{ readonly answer: string; readonly counts: InstructionCounts }> {
  const built = await buildProgram('step-counter')
  if (built.kind === 'missing') throw new Error(built.because)
  await using stepper = await startTarget(built.path, [String(work.pid)])
  const answer = await work.ask('go', /^sum=/, 120_000)
  await sleep(200)
  process.kill(stepper.pid, 'SIGINT')
  await stepper.exited
  const ranges = textOf(work.pid)
  const counts = new Map<string, bigint>()
  for (const line of stepper.stdout.all) {
    const [, address, count] = /^(\d+) (\d+)$/.exec(line) ?? []
    const pattern = address === undefined ? undefined : patternOf(ranges, BigInt(address))
    if (pattern !== undefined) counts.set(pattern, BigInt(count ?? 0))
  }
  return { answer, counts }
}

/** Every seventh of the instructions that were executed, at most so many of a module and none too busy for the way. */
export function everySeventh(counts: InstructionCounts, most: number, busiest: bigint): string[] {
  const quiet = [...counts].filter(([, count]) => count <= busiest).map(([pattern]) => pattern)
  const moduleOf = (pattern: string): string => pattern.split(':')[0] ?? ''
  return [...new Set(quiet.map(moduleOf))].flatMap((module) => {
    const seventh = quiet
      .filter((pattern) => moduleOf(pattern) === module)
      .toSorted()
      .filter((_, at) => at % 7 === 0)
    const stride = Math.max(1, Math.floor(seventh.length / most))
    return seventh.filter((_, at) => at % stride === 0).slice(0, most)
  })
}

export interface SeventhReport {
  readonly way: string
  readonly probes: number
  readonly hits: bigint
  readonly refused: readonly string[]
  readonly problems: readonly string[]
}

/** A round of work with all of them probed: the same answer, and exactly as many hits as when it was stepped through. */
export async function countEverySeventh(
  work: Target,
  reference: { readonly answer: string; readonly counts: InstructionCounts },
  patterns: readonly string[],
  way: Way,
): Promise<SeventhReport> {
  const before = captureState(work.pid)
  await using count = new CountProcess(work.pid, patterns, ['--all', ...way.args])
  const attached = await count.attached()
  const answer = await work.ask('go', /^sum=/, 120_000)
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
    refused: attached.refused.map(({ site, because }) => `${site}: ${because}`),
    problems: [
      ...problems,
      ...wrong,
      ...(answer === reference.answer ? [] : [`answered ${answer} instead of ${reference.answer}`]),
      ...(code === 0 ? [] : [`ring3 ended with ${code}: ${stderr}`]),
    ],
  }
}
