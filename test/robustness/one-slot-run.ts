import { type AttachOptions, attach } from '../../src/ring3.js'
import type { Target } from '../programs/start-target.js'
import { parseTally } from '../runtime/exactness-run.js'
import { captureState, stateDifferences } from '../runtime/target-state.js'

export interface OneSlotReport {
  readonly resume: string
  readonly calls: bigint
  readonly signals: bigint
  readonly problems: readonly string[]
}

/** crowd.c for so long, its one busy function probed through one slot: nothing may be lost, and nothing interrupted. */
export async function runOneSlot(
  crowd: Target,
  resume: NonNullable<AttachOptions['resume']>,
  milliseconds: number,
): Promise<OneSlotReport> {
  const before = captureState(crowd.pid)
  await using session = await attach(crowd.pid, { via: 'breakpoint', resume, slots: 1 })
  const probes = await session.count('crowd:site')
  const tally = parseTally(await crowd.ask(`run ${milliseconds}`, /^counted/, 3 * milliseconds + 120_000))
  const { counts } = await probes.remove()
  await session.detach()
  const of = (name: string): bigint => tally.get(name) ?? -1n
  const expected: readonly (readonly [string, bigint, bigint])[] = [
    ['hits', of('site'), counts.get('crowd:site') ?? 0n],
    ['signals', of('sent'), of('handled')],
    ['wrong results', 0n, of('wrong')],
    ['interrupted calls', 0n, of('interrupted')],
    ['failed children', 0n, of('children')],
  ]
  const wrong = expected.filter(([, wanted, got]) => wanted !== got)
  const problems = wrong.map(([what, wanted, got]) => `${what}: ${got}, not ${wanted}`)
  return { resume, calls: of('site'), signals: of('sent'), problems: [...problems, ...stateDifferences(before)] }
}
