/**
 * Instructions that lead into the kernel, with a probe on each, in every way: system calls that are interrupted and restarted,
 * software interrupts, the program's own breakpoints, faults. The random ones are none of these.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RefusedError } from '../../../src/session/api.js'
import { attach } from '../../../src/session/session.js'
import { buildProgram } from '../../programs/build.js'
import { startTarget, type Target } from '../../programs/start-target.js'
import { captureState, stateDifferences } from '../../runtime/target-state.js'
import { type LiveWay, liveWays } from './live-way.js'

/** What trapping.c executes of each. */
const ROUNDS = 20n

/** How long the `mov` is that stands in front of each. */
const AT = 5

/** Executed more than once a round: the kernel restarts them, and each time counts where the instruction itself is executed again. */
const restarted: ReadonlySet<string> = new Set(['read_restarted'])

/** How each did, by name. */
async function execute(target: Target): Promise<Map<string, string>> {
  const from = target.stdout.all.length
  await target.ask('go', /^done/, 60_000)
  const lines = target.stdout.all.slice(from).flatMap((line) => /^did (\w+) (.*)$/.exec(line) ?? [])
  return new Map(
    Array.from({ length: lines.length / 3 }, (_, at) => [lines[3 * at + 1] ?? '', lines[3 * at + 2] ?? '']),
  )
}

interface Probed {
  readonly did: ReadonlyMap<string, string>
  readonly counts: ReadonlyMap<string, bigint>
  /** Codes, by name. */
  readonly refused: ReadonlyMap<string, string>
}

async function executeProbed(target: Target, { options }: LiveWay, names: readonly string[]): Promise<Probed> {
  await using session = await attach(target.pid, options)
  const patterns = names.map((name) => `trapping:${name}+${AT}`)
  try {
    const probes = await session.count(...patterns)
    const did = await execute(target)
    const { counts } = await probes.remove()
    const refused = probes.attached.refused.map(({ site, code }) => [nameOf(site), code] as const)
    return { did, counts: new Map([...counts].map(([site, hits]) => [nameOf(site), hits])), refused: new Map(refused) }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    const { code } = error.refusal
    return { did: await execute(target), counts: new Map(), refused: new Map(names.map((name) => [name, code])) }
  }
}

/**
 * The part of what an instruction did that is as without a probe: all of it, but that trampolines borrow registers, and that the
 * program sees the address of a copy where it gets a signal that ring3 does not take.
 */
function promised({ options }: LiveWay, did = ''): string {
  const [, signal = ''] = /signal=(\d+)/.exec(did) ?? []
  if (options.via === 'breakpoint' || options.via === 'hardware' || signal === '0') return did
  const isTaken = options.via === 'signal' && ['5', '7', '11'].includes(signal)
  return did.replace(isTaken ? /rax=\S+/ : /(?:rax|address|rip)=\S+/g, '')
}

function nameOf(site: string): string {
  return /^trapping:(\w+)\+/.exec(site)?.[1] ?? site
}

function groups(names: readonly string[], size: number): (readonly string[])[] {
  return Array.from({ length: Math.ceil(names.length / size) }, (_, at) => names.slice(size * at, size * (at + 1)))
}

for (const way of liveWays) {
  test(`instructions that lead into the kernel do the same with a probe on them, by ${way.name}`, async (t) => {
    const built = await buildProgram('trapping')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path)
    const before = captureState(target.pid)
    const native = await execute(target)
    const names = [...native.keys()]
    assert.ok(names.length > 10 && [...native.values()].every((text) => text.endsWith(`rounds=${ROUNDS}`)))
    const refusals = new Map<string, string[]>()
    for (const group of groups(names, way.name === 'hardware' ? 4 : names.length)) {
      const { did, counts, refused } = await executeProbed(target, way, group)
      for (const [name, code] of refused) refusals.set(code, [...(refusals.get(code) ?? []), name])
      for (const [name, text] of native) assert.equal(promised(way, did.get(name)), promised(way, text), name)
      for (const name of group.filter((each) => !refused.has(each))) {
        const hits = counts.get(name) ?? 0n
        if (restarted.has(name)) assert.ok(hits >= ROUNDS, `${name}: ${hits}`)
        else assert.equal(hits, ROUNDS, name)
      }
    }
    for (const [code, of] of refusals) t.diagnostic(`${way.name} refuses (${code}): ${of.join(', ')}`)
    assert.deepEqual(stateDifferences(before), [])
  })
}
