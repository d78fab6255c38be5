/**
 * node every-seventh.js [--rounds PROBES] [--only WAY] [WORK …]: every seventh instruction that libc, sqlite and python execute,
 * so many of a module at once, probed in every way. The reference is the same round of another process: an interpreter that
 * adapts itself does not do the same in the next.
 */
import { type Way, ways } from '../runtime/ways.js'
import {
  countEverySeventh,
  everySeventh,
  inParts,
  type Reference,
  type SeventhReport,
  startWork,
  stepRound,
  works,
} from './every-seventh-run.js'
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'

const { rounds, only, names } = scriptOptions(100)

const DEBUG_REGISTERS = 4

/** Hits that a way can take in a round of work, for each probe. */
function busiest({ pace }: Way): bigint {
  return BigInt(Math.ceil(pace * 1_000_000))
}

const all: readonly Way[] = [
  { name: 'jump', args: ['--via', 'jump'], usesInt3: false, pace: 100 },
  { name: 'auto', args: [], usesInt3: true, pace: 0.02 },
  ...ways,
]

/** Debug registers take turns. Each part has a process of its own. */
async function run(way: Way, reference: Reference): Promise<SeventhReport[]> {
  const patterns = everySeventh(reference.counts, rounds, busiest(way))
  const reports: SeventhReport[] = []
  for (const part of inParts(patterns, way.name === 'hardware' ? DEBUG_REGISTERS : patterns.length)) {
    const work = await startWork(reference.work)
    if ('missing' in work) return reports
    try {
      reports.push(await countEverySeventh(work, reference, part, way))
    } finally {
      await work.stop()
    }
  }
  return reports
}

function joined(work: string, way: string, reports: readonly SeventhReport[]): object {
  const codes: Record<string, number> = {}
  for (const { code } of reports.flatMap(({ refused }) => refused)) codes[code] = (codes[code] ?? 0) + 1
  return {
    work,
    way,
    processes: reports.length,
    probes: reports.reduce((sum, { probes }) => sum + probes, 0),
    hits: String(reports.reduce((sum, { hits }) => sum + hits, 0n)),
    refused: codes,
    problems: reports.flatMap(({ problems }) => problems),
  }
}

const results: object[] = []
for (const work of works.filter((each) => names.length === 0 || names.includes(each))) {
  const reference = await stepRound(work)
  if ('missing' in reference) {
    process.stdout.write(`${reference.missing}\n`)
    continue
  }
  for (const way of all.filter(({ name }) => only === undefined || only === name)) {
    const reports = await run(way, reference)
    const result = joined(work, way.name, reports)
    process.stdout.write(`${JSON.stringify(result)}\n`)
    results.push(result)
    if (reports.some(({ problems }) => problems.length > 0)) process.exitCode = 1
  }
}
if (only === undefined && names.length === 0) writeResult('every-seventh', results)
