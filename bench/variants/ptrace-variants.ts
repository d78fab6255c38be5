import { setTimeout as sleep } from 'node:timers/promises'
import { findTool, missingTools } from '../../test/programs/build.js'
import { median } from '../../test/robustness/figures.js'
import type { CallCostTarget } from '../call-cost-target.js'
import { AttachedTool } from './attached-tool.js'
import { interleaved } from './interleave.js'
import type { Engaged, Sample, Variant } from './variant.js'

async function countWithGdb(target: CallCostTarget): Promise<Engaged> {
  const commands = ['set confirm off', 'break *plain_0', 'ignore 1 1000000000', 'continue', 'info breakpoints']
  const args = ['-nx', '-batch', '-p', String(target.pid), ...commands.flatMap((command) => ['-ex', command])]
  const tool = new AttachedTool(findTool('gdb') ?? 'gdb', args)
  await tool.working('stdout', /^Breakpoint 1 at/)
  await sleep(500) // what it says next stays in its buffer
  return {
    async disengage() {
      tool.signal('SIGINT')
      await tool.ended()
      if (!tool.stdout.all.some((line) => /already hit [1-9]\d* times/.test(line))) {
        throw new Error(`gdb counted nothing: ${tool.stdout.all.slice(-4).join(' | ')}`)
      }
    },
  }
}

export const gdbBreakpoint: Variant = interleaved({
  name: 'gdb breakpoint',
  what: 'with an ignore count',
  call: 'plain',
  threads: [1],
  calls: 2000,
  repeats: 1,
  copies: 1,
  unavailable: async () => missingTools('gdb'),
  engage: countWithGdb,
})

async function countWithLtrace(target: CallCostTarget): Promise<Engaged> {
  const args = ['-c', '-f', '-x', 'plain_0', '-e', '@none', '-p', String(target.pid)]
  const tool = new AttachedTool(findTool('ltrace') ?? 'ltrace', args)
  await sleep(1000)
  return {
    async disengage() {
      tool.signal('SIGINT')
      await tool.ended()
      const said = [...tool.stdout.all, ...tool.stderr.all]
      if (!said.some((line) => /[1-9]\d* plain_0/.test(line)))
        throw new Error(`ltrace counted nothing: ${said.join(' | ')}`)
    },
  }
}

export const ltraceCount: Variant = interleaved({
  name: 'ltrace -c',
  what: 'a breakpoint at the entry and one at the return',
  call: 'plain',
  threads: [1],
  calls: 1500,
  repeats: 1,
  copies: 1,
  unavailable: async () => missingTools('ltrace'),
  engage: countWithLtrace,
})

/** strace knows system calls only: what it adds to one is set beside the rest for orientation. */
export const straceCount: Variant = {
  name: 'strace -c',
  what: 'per system call (getppid), not per function call',
  unavailable: async () => missingTools('strace'),
  async sample(target: CallCostTarget): Promise<readonly Sample[]> {
    const block = { call: 'syscall', threads: 1, calls: 2000, repeats: 3 }
    const before = median(await target.measure({ ...block, calls: 100_000 }))
    const tool = new AttachedTool(findTool('strace') ?? 'strace', ['-c', '-f', '-p', String(target.pid)])
    await tool.working('stderr', /attached/)
    const during = median(await target.measure(block))
    tool.signal('SIGINT')
    await tool.ended()
    return [{ threads: 1, addedNs: during - before }]
  },
}
