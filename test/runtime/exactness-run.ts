import type { Target } from '../programs/start-target.js'
import { CountProcess } from './ring3-cli.js'

/** Reads `counted NAME=N NAME=N …`. */
export function parseTally(line: string): ReadonlyMap<string, bigint> {
  return new Map([...line.matchAll(/(\w+)=(\d+)/g)].map(([, name = '', count = '']) => [name, BigInt(count)]))
}

export interface ExactnessResult {
  readonly hits: bigint
  /** Sentences; none when every count is exact and the program was right. */
  readonly differences: readonly string[]
}

/** Counts functions of the program while it does rounds of calls, and compares with what it counted itself. */
export async function runExactness(
  target: Target,
  module: string,
  functions: readonly string[],
  rounds: number,
  args: readonly string[] = [],
): Promise<ExactnessResult> {
  const patterns = functions.map((name) => `${module}:${name}`)
  await using count = new CountProcess(target.pid, patterns, ['--all', ...args])
  const attached = await count.attached()
  const expected = new Map<string, bigint>()
  const differences = attached.refused.map(({ site, because }) => `${site} was refused: ${because}`)
  if (attached.probes === 0) return { hits: 0n, differences }
  for (let round = 0; round < rounds; round++) {
    const tally = parseTally(await target.ask('go', /^counted/, 120_000))
    for (const name of functions) expected.set(name, (expected.get(name) ?? 0n) + (tally.get(name) ?? 0n))
    for (const name of ['wrong', 'children']) {
      if ((tally.get(name) ?? 0n) !== 0n) differences.push(`the program reports ${name}=${tally.get(name)}`)
    }
  }
  const { counts, code, stderr } = await count.finish()
  if (code !== 0) differences.push(`ring3 ended with ${code}: ${stderr}`)
  for (const [name, calls] of expected) {
    if (attached.refused.some(({ site }) => site === `${module}:${name}`)) continue
    const counted = counts.get(`${module}:${name}`)
    if (counted !== calls) differences.push(`${name}: ${calls} calls, counted ${counted ?? 'nothing'}`)
  }
  return { hits: [...expected.values()].reduce((sum, calls) => sum + calls, 0n), differences }
}
