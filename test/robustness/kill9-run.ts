import { setTimeout as sleep } from 'node:timers/promises'
import { CountProcess, ring3 } from '../runtime/ring3-cli.js'
import { captureState, stateDifferences, type TargetState } from '../runtime/target-state.js'
import { killAt, killMoments } from './kill-moment.js'
import type { KillVictim } from './kill-victim.js'
import { PseudoRandom } from './pseudo-random.js'

export interface Kill9Report {
  readonly target: string
  readonly seed: number
  readonly kills: number
  /** Kills while threads of the target were held. */
  readonly killsWhileTraced: number
  readonly killsByMoment: Readonly<Record<string, number>>
  readonly cleans: number
  /** Cleans that found something to remove. */
  readonly cleansWithLeftovers: number
  readonly problems: readonly string[]
}

/** A clean after every kill would never let a second ring3 meet what the first has left. */
const cleanEvery = 3

/** `ring3 clean` must restore everything, and after it a count must work as if nothing had happened. */
async function cleanAndCount(
  victim: KillVictim,
  before: TargetState,
  args: readonly string[],
): Promise<{ found: boolean; problems: string[] }> {
  const cleaned = await ring3(['clean', '-f', 'json', String(victim.pid)])
  const problems = stateDifferences(before).map((text) => `after clean: ${text}`)
  if (cleaned.code !== 0) problems.push(`clean ended with ${cleaned.code}: ${cleaned.stderr}`)
  await using count = new CountProcess(victim.pid, victim.patterns, args)
  await count.attached()
  await sleep(100)
  const { code, counts, stderr } = await count.finish()
  if (code !== 0 || counts.size === 0) problems.push(`count after clean: ${code}, ${counts.size} counts: ${stderr}`)
  problems.push(...stateDifferences(before).map((text) => `after the count after clean: ${text}`))
  return { found: !/"areas":0/.test(cleaned.stdout), problems }
}

/** Kills ring3, run with `args`, again and again; stops at the first round that leaves the target wrong. */
export async function runKill9(
  victim: KillVictim,
  kills: number,
  seed: number,
  args: readonly string[] = [],
  progress: (kills: number) => void = () => {},
): Promise<Kill9Report> {
  const random = new PseudoRandom(seed)
  const before = captureState(victim.pid)
  const killsByMoment: Record<string, number> = {}
  const problems: string[] = []
  let [done, killsWhileTraced, cleans, cleansWithLeftovers] = [0, 0, 0, 0]
  for (let round = 1; round <= kills && problems.length === 0; round++) {
    const moment = random.pick(killMoments)
    const where = `round ${round} (${moment})`
    try {
      const count = new CountProcess(victim.pid, victim.patterns, args)
      if (await killAt(moment, victim.pid, count, random)) killsWhileTraced += 1
      done += 1
      progress(done)
      killsByMoment[moment] = (killsByMoment[moment] ?? 0) + 1
      problems.push(...(await victim.problems()).map((text) => `${where}: ${text}`))
      if (problems.length > 0 || (round % cleanEvery !== 0 && round !== kills)) continue
      const cleaned = await cleanAndCount(victim, before, args)
      cleans += 1
      if (cleaned.found) cleansWithLeftovers += 1
      const afterwards = [...cleaned.problems, ...(await victim.problems())]
      problems.push(...afterwards.map((text) => `${where}: ${text}`))
    } catch (error) {
      problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return {
    target: victim.name,
    seed,
    kills: done,
    killsWhileTraced,
    killsByMoment,
    cleans,
    cleansWithLeftovers,
    problems,
  }
}
