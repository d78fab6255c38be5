import { buildProgram } from '../test/programs/build.js'
import { startTarget, type Target } from '../test/programs/start-target.js'
import { median } from '../test/robustness/figures.js'
import { missingCli } from '../test/runtime/ring3-cli.js'
import { type CostReport, type CostRow, figuresOf } from './cost-run.js'
import { describeMachine } from './machine.js'
import { missingBpftrace, runBpftrace, runRing3 } from './variants/script-variants.js'
import type { Engaged, Sample } from './variants/variant.js'

/** Chains of sixteen frames. */
const programs = [
  { name: 'call-chain', what: 'compiled with -fomit-frame-pointer' },
  { name: 'call-chain-framed', what: 'compiled with frame pointers' },
] as const
type Program = (typeof programs)[number]

const works = ['@[ustack(8)] = count()', '@[ustack] = count()'] as const

interface Tool {
  readonly name: string
  readonly calls: number
  readonly missing: string | undefined
  engage(target: Target, path: string, program: Program, work: string): Promise<Engaged>
}

const tools: readonly Tool[] = [
  {
    name: 'ring3',
    calls: 1_000_000,
    missing: missingCli(),
    engage: (target, _path, { name }, work) => runRing3(target, `uprobe:${name}:leaf { ${work} }`),
  },
  {
    name: 'bpftrace',
    calls: 50_000,
    missing: missingBpftrace(),
    engage: (target, path, _program, work) => runBpftrace(target, `uprobe:${path}:leaf { ${work} }`),
  },
]

const REPEATS = 5
/** Of the measurements without a probe. */
const UNPROBED_CALLS = 1_000_000

class Chain {
  private constructor(
    readonly program: Program,
    readonly target: Target,
    readonly path: string,
  ) {}

  static async start(program: Program): Promise<Chain> {
    const built = await buildProgram(program.name)
    if (built.kind === 'missing') throw new Error(built.because)
    return new Chain(program, await startTarget(built.path), built.path)
  }

  /** Nanoseconds of the thread's own time that a call takes. */
  async measure(calls: number): Promise<number> {
    const line = await this.target.ask(`measure ${calls} ${REPEATS}`, /^ns /, 120_000)
    return median(line.slice(3).trim().split(' ').map(Number))
  }

  async sample(tool: Tool, work: string): Promise<Sample> {
    const before = await this.measure(UNPROBED_CALLS)
    const engaged = await tool.engage(this.target, this.path, this.program, work)
    await this.measure(tool.calls)
    const during = await this.measure(tool.calls).finally(() => engaged.disengage())
    const after = await this.measure(UNPROBED_CALLS)
    return { threads: 1, addedNs: during - (before + after) / 2 }
  }
}

/** Stacks as keys by ring3 and by bpftrace, in one interleaved run. */
export async function runStacks(rounds: number): Promise<CostReport> {
  const chains: Chain[] = []
  const samples = new Map<string, Sample[]>()
  try {
    for (const program of programs) chains.push(await Chain.start(program))
    for (let round = 0; round < rounds; round++) {
      for (const each of entrants(chains)) {
        if (each.tool.missing !== undefined) continue
        const known = samples.get(each.name) ?? []
        samples.set(each.name, [...known, await each.chain.sample(each.tool, each.work)])
      }
      process.stderr.write(`round ${round + 1} of ${rounds}\n`)
    }
    const rows = entrants(chains).map((each) => rowOf(each, samples.get(each.name) ?? []))
    return { machine: describeMachine(), rounds, rows }
  } finally {
    for (const { target } of chains) await target.stop()
  }
}

interface Entrant {
  readonly name: string
  readonly chain: Chain
  readonly work: string
  readonly tool: Tool
}

function entrants(chains: readonly Chain[]): Entrant[] {
  return chains.flatMap((chain) =>
    works.flatMap((work) =>
      tools.map((tool) => ({ name: `${work}, ${chain.program.name}, ${tool.name}`, chain, work, tool })),
    ),
  )
}

function rowOf({ name, chain, tool }: Entrant, samples: readonly Sample[]): CostRow {
  const { what } = chain.program
  if (tool.missing !== undefined) return { name, what, unavailable: tool.missing }
  const oneThread = figuresOf(samples, 1)
  return { name, what, ...(oneThread && { oneThread }) }
}
