/** SIGKILL for ring3 at random moments, at least 200 times in all: the target must live, be right, and be restorable. */

import { startBusyRedis, startVerifier } from './kill-victim.js'
import { type Kill9Report, runKill9 } from './kill9-run.js'
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'

const { rounds, only, seed } = scriptOptions(150)
const victims = { verifier: startVerifier, redis: startBusyRedis }
const reports: Kill9Report[] = []
for (const [name, start] of Object.entries(victims)) {
  if (only !== undefined && only !== name) continue
  const victim = await start()
  if ('missing' in victim) {
    process.stdout.write(`${name}: ${victim.missing}\n`)
    continue
  }
  try {
    const report = await runKill9(victim, rounds, seed)
    process.stdout.write(`${JSON.stringify(report, null, 1)}\n`)
    reports.push(report)
  } finally {
    await victim[Symbol.asyncDispose]()
  }
}
writeResult(only === undefined ? 'kill9' : `kill9-${only}`, reports)
process.exitCode = reports.every(({ problems }) => problems.length === 0) ? 0 : 1
