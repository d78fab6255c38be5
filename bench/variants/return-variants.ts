import { setTimeout as sleep } from 'node:timers/promises'
import { findTool, missingTools } from '../../test/programs/build.js'
import { cliPath, missingCli } from '../../test/runtime/ring3-cli.js'
import { runsAsRoot } from '../../test/workloads/server-folder.js'
import type { CallCostTarget } from '../call-cost-target.js'
import { AttachedTool } from './attached-tool.js'
import { countWithUprobe } from './kernel-variants.js'
import type { Engaged } from './variant.js'

/** A way of looking at the returns of `plain_1`. */
export interface ReturnVariant {
  readonly name: string
  readonly what: string
  unavailable(): string | undefined
  engage(target: CallCostTarget): Promise<Engaged>
}

const FUNCTION = 'plain_1'
const needsRoot = runsAsRoot ? undefined : 'not permitted: needs root'

/** How a tool is started, says that it works, and tells how many calls it has seen. */
interface ToolUse {
  readonly command: readonly string[]
  readonly working: readonly [output: 'stdout' | 'stderr', match: RegExp]
  readonly seen: RegExp
  /** Whether it must have seen every call. */
  readonly isExact: boolean
  /** It says so before it has done it. */
  readonly delayMs: number
}

async function engageTool(target: CallCostTarget, use: ToolUse): Promise<Engaged> {
  const [path = '', ...args] = use.command
  const tool = new AttachedTool(path, args)
  await tool.working(...use.working)
  await sleep(use.delayMs)
  const before = target.calls.get(FUNCTION) ?? 0n
  return {
    async disengage() {
      tool.signal('SIGINT')
      await tool.ended()
      const numbers = tool.stdout.all.flatMap((line) => use.seen.exec(line)?.[1]?.replaceAll(',', '') ?? [])
      const seen = numbers.reduce((sum, number) => sum + BigInt(number), 0n)
      const made = (target.calls.get(FUNCTION) ?? 0n) - before
      if (seen === 0n || (use.isExact && seen !== made)) throw new Error(`${made} calls, ${seen} seen`)
    },
  }
}

/** `args` of ring3, behind which the process and the function come. */
function ring3(
  name: string,
  what: string,
  args: (pid: string) => readonly string[],
  says: Pick<ToolUse, 'working' | 'seen'>,
): ReturnVariant {
  return {
    name,
    what,
    unavailable: missingCli,
    engage: (target) =>
      engageTool(target, {
        command: [process.execPath, cliPath, ...args(String(target.pid))],
        ...says,
        isExact: true,
        delayMs: 0,
      }),
  }
}

const attached: ToolUse['working'] = ['stdout', /^Attached/]
const atWork: ToolUse['working'] = ['stderr', /at work/]
const oneMap = /^@: (\d+)/
const keyedMap = /^\]: (\d+)/

function ring3Script(name: string, what: string, action: string, seen: RegExp): ReturnVariant {
  return ring3(name, what, (pid) => ['-p', pid, '-e', action], { working: attached, seen })
}

function bpftrace(name: string, what: string, script: (probe: string) => string, seen: RegExp): ReturnVariant {
  return {
    name,
    what,
    unavailable: () => missingTools('bpftrace') ?? needsRoot,
    engage: (target) =>
      engageTool(target, {
        command: [
          findTool('bpftrace') ?? 'bpftrace',
          '-p',
          String(target.pid),
          '-e',
          script(`${target.path}:${FUNCTION}`),
        ],
        working: ['stdout', /Attaching/],
        seen,
        isExact: false,
        delayMs: 1500,
      }),
  }
}

const kernelReturn: ReturnVariant = {
  name: 'kernel uretprobe',
  what: 'perf_event_open; the kernel counts',
  unavailable: () => needsRoot,
  engage: (target) => countWithUprobe(target, FUNCTION, ['--return', '1']),
}

/** In the order of the table. */
export const returnVariants = {
  ring3Count: ring3(
    'ring3 count uretprobe:',
    'a counter where the function returns',
    (pid) => ['count', '-p', pid, `uretprobe:call-cost:${FUNCTION}`],
    { working: atWork, seen: /^\s*([\d,]+) .*uretprobe:/ },
  ),
  ring3Script: ring3Script(
    'ring3, @ = count()',
    'a script: returns of calls whose beginning was seen',
    `uretprobe:call-cost:${FUNCTION} { @ = count() }`,
    oneMap,
  ),
  ring3Latency: ring3(
    'ring3 latency',
    'histogram, count, sum, least and most',
    (pid) => ['latency', '-p', pid, `call-cost:${FUNCTION}`],
    { working: atWork, seen: /^\s*([\d,]+) calls/ },
  ),
  kernelReturn,
  bpftraceCount: bpftrace(
    'bpftrace, @ = count()',
    'a uretprobe with BPF',
    (probe) => `uretprobe:${probe} { @ = count(); }`,
    oneMap,
  ),
  bpftraceLatency: bpftrace(
    'bpftrace, hist(nsecs)',
    'a uprobe and a uretprobe with BPF',
    (probe) =>
      `uprobe:${probe} { @s[tid] = nsecs; } uretprobe:${probe} /@s[tid]/ { @n = hist(nsecs - @s[tid]); delete(@s[tid]); @ = count(); }`,
    oneMap,
  ),
  ring3Stack: ring3Script(
    'ring3, @[ustack(8)] = count()',
    'where the function begins',
    `uprobe:call-cost:${FUNCTION} { @[ustack(8)] = count() }`,
    keyedMap,
  ),
  bpftraceStack: bpftrace(
    'bpftrace, @[ustack(8)] = count()',
    'the same',
    (probe) => `uprobe:${probe} { @[ustack(8)] = count(); }`,
    keyedMap,
  ),
} satisfies Readonly<Record<string, ReturnVariant>>

export type ReturnVariantName = keyof typeof returnVariants
