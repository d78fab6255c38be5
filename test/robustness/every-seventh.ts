/**
 * node every-seventh.js [--only WAY]: every seventh busy instruction of libc, sqlite and python, probed in every way. The
 * reference is the same round of another process: an interpreter that adapts itself does not do the same in the next.
 */
import { type Way, ways } from '../runtime/ways.js'
import { countEverySeventh, everySeventh, type Reference, startWork, stepRound, works } from './every-seventh-run.js'
import { scriptOptions } from './script-options.js'

const { rounds, only } = scriptOptions(50)

async function run(way: Way, reference: Reference): Promise<void> {
  const work = await startWork(reference.work)
  if ('missing' in work) return
  try {
    const patterns = everySeventh(reference.counts, rounds, BigInt(Math.ceil(way.pace * 10_000)))
    const sites = way.usesInt3 ? patterns : patterns.slice(0, 4)
    const { hits, ...report } = await countEverySeventh(work, reference, sites, way)
    const shown = { work: reference.work, ...report, hits: String(hits) }
    process.stdout.write(`${JSON.stringify(shown, null, 1)}\n`)
    if (report.problems.length > 0) process.exitCode = 1
  } finally {
    await work.stop()
  }
}

for (const work of works) {
  const reference = await stepRound(work)
  if ('missing' in reference) process.stdout.write(`${reference.missing}\n`)
  else for (const way of ways) if (only === undefined || only === way.name) await run(way, reference)
}
