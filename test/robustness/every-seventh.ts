/** node every-seventh.js [--only WAY]: every seventh busy instruction of libc and sqlite, probed in every way. */
import { type Way, ways } from '../runtime/ways.js'
import { countEverySeventh, everySeventh, startWork, stepRound } from './every-seventh-run.js'
import { scriptOptions } from './script-options.js'

const { rounds, only } = scriptOptions(50)

async function run(way: Way): Promise<void> {
  const work = await startWork()
  if ('missing' in work) return void process.stdout.write(`${work.missing}\n`)
  try {
    // The first two rounds find caches cold.
    for (let warm = 0; warm < 2; warm++) await work.ask('go', /^sum=/)
    const reference = await stepRound(work)
    const patterns = everySeventh(reference.counts, rounds, BigInt(Math.ceil(way.pace * 10_000)))
    const sites = way.usesInt3 ? patterns : patterns.slice(0, 4)
    const { hits, ...report } = await countEverySeventh(work, reference, sites, way)
    process.stdout.write(`${JSON.stringify({ ...report, hits: String(hits) }, null, 1)}\n`)
    if (report.problems.length > 0) process.exitCode = 1
  } finally {
    await work.stop()
  }
}

for (const way of ways) if (only === undefined || only === way.name) await run(way)
