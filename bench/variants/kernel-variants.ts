import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram, findTool, missingTools } from '../../test/programs/build.js'
import { runsAsRoot } from '../../test/workloads/server-folder.js'
import type { CallCostTarget } from '../call-cost-target.js'
import { AttachedTool } from './attached-tool.js'
import { interleaved } from './interleave.js'
import type { Engaged, Variant } from './variant.js'

const needsRoot = runsAsRoot ? undefined : 'not permitted: needs root'

/** Hits of a function's beginning, or with `--return 1` of its returns. */
export async function countWithUprobe(
  target: CallCostTarget,
  call: string,
  options: readonly string[] = [],
): Promise<Engaged> {
  const built = await buildProgram('uprobe-counter')
  if (built.kind === 'missing') throw new Error(built.because)
  const where = ['--offset', String(await target.offsetOf(call)), ...options, target.path]
  const tool = new AttachedTool(built.path, where)
  const line = await tool.working('stdout', /./)
  if (line !== 'ready') throw new Error(`perf_event_open: ${line}`)
  return {
    async disengage() {
      tool.write('quit\n')
      const hits = Number((await tool.stdout.next(/^hits/)).slice(5))
      await tool.ended()
      if (hits === 0) throw new Error('the uprobe was never hit')
    },
  }
}

function uprobe(call: 'plain' | 'lea', name: string, what: string): Variant {
  return interleaved({
    name,
    what,
    call,
    threads: [1, 2],
    calls: 20_000,
    repeats: 3,
    copies: 1,
    unavailable: async () => needsRoot,
    engage: (target) => countWithUprobe(target, `${call}_0`),
  })
}

export const uprobeOnPush = uprobe(
  'plain',
  'kernel uprobe, push',
  'perf_event_open; the kernel emulates the instruction',
)
export const uprobeOnLea = uprobe(
  'lea',
  'kernel uprobe, lea',
  'perf_event_open; the kernel single-steps the instruction',
)

async function countWithBpftrace(target: CallCostTarget): Promise<Engaged> {
  const program = `uprobe:${target.path}:plain_0 { @ = count(); }`
  const tool = new AttachedTool(findTool('bpftrace') ?? 'bpftrace', ['-p', String(target.pid), '-e', program])
  await tool.working('stdout', /Attaching/)
  await sleep(1500) // it says so before it has done it
  return {
    async disengage() {
      tool.signal('SIGINT')
      await tool.ended()
      const hits = /^@: (\d+)/.exec(tool.stdout.all.find((line) => line.startsWith('@:')) ?? '')?.[1]
      if (hits === undefined || hits === '0') throw new Error('bpftrace counted nothing')
    },
  }
}

export const bpftraceCount: Variant = interleaved({
  name: 'bpftrace count()',
  what: 'a uprobe with BPF, on push',
  call: 'plain',
  threads: [1, 2],
  calls: 20_000,
  repeats: 3,
  copies: 1,
  unavailable: async () => missingTools('bpftrace') ?? needsRoot,
  engage: countWithBpftrace,
})
