/**
 * node trap-kills.js [--rounds KILLS] [--only NAME] [--seed N]: kills a ring3 that has int3 in the text, in every way of
 * resuming, of a target whose threads block, unblock, fault and are born.
 */
import { ways } from '../runtime/ways.js'
import { startTrapVictim } from './kill-victim.js'
import { type Kill9Report, runKill9 } from './kill9-run.js'
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'

function tell(kills: number): void {
  if (kills % 10 === 0) process.stderr.write(`${kills} kills\n`)
}

const { rounds, only, seed } = scriptOptions(100)
const reports: (Kill9Report & { readonly way: string })[] = []
for (const { name, args } of ways.filter((way) => way.usesInt3 && (only === undefined || way.name === only))) {
  const victim = await startTrapVictim('nbtcfnbtcf')
  if ('missing' in victim) {
    process.stdout.write(`${victim.missing}\n`)
    continue
  }
  try {
    const report = { way: name, ...(await runKill9(victim, rounds, seed, args, tell)) }
    process.stdout.write(`${JSON.stringify(report, null, 1)}\n`)
    reports.push(report)
  } finally {
    await victim[Symbol.asyncDispose]()
  }
}
writeResult(only === undefined ? 'trap-kills' : `trap-kills-${only}`, reports)
process.exitCode = reports.every(({ problems }) => problems.length === 0) ? 0 : 1
