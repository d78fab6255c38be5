import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findTool, missingTools } from '../../test/programs/build.js'
import { missingCli } from '../../test/runtime/ring3-cli.js'
import { ScriptProcess } from '../../test/runtime/script-process.js'
import { runsAsRoot } from '../../test/workloads/server-folder.js'
import { AttachedTool } from './attached-tool.js'
import { unprobed } from './fast-variants.js'
import { fillBuffers } from './fill-buffers.js'
import { interleaved } from './interleave.js'
import { lttngEvent } from './lttng-variant.js'
import type { Engaged, ScheduledVariant, Variant } from './variant.js'

/** What is done at each call of a function that gets a number and a pointer. */
const works = [
  { name: '@ = count()', script: '{ @ = count() }' },
  { name: 'hist(arg0)', script: '{ @ = hist(arg0) }' },
  { name: 'a false predicate', script: '/arg0 > 1 << 40/ { @ = count() }' },
  { name: '@[tid] = nsecs', script: '{ @[tid] = nsecs }' },
  { name: '@[arg0 % 1000] = count()', script: '{ @[arg0 % 1000] = count() }' },
  { name: 'printf("%d %d")', script: '{ printf("%d %d\\n", arg0, arg1) }' },
] as const

/** The ring of a thread holds what is printed: losing would be cheaper. */
const RING_PAGES = 2048
const FAST_CALLS = 2_000_000
const SLOW_CALLS = 20_000

/** Where a tool writes what it has to say. */
class OutputFile {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ring3-scripts-'))
  readonly path = join(this.#folder, 'out')

  async begun(text: string): Promise<void> {
    for (let waited = 0; !this.read().includes(text); waited += 10) {
      if (waited > 30_000) throw new Error(`it does not say ${text}`)
      await sleep(10)
    }
  }

  read(): string {
    return existsSync(this.path) ? readFileSync(this.path, 'latin1') : ''
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** What a tool has written: it counts only if nothing was lost. */
function checked(output: OutputFile): void {
  const text = output.read()
  output.remove()
  if (/lost/i.test(text)) throw new Error('events were lost')
}

/** `script` for a process, until it is disengaged. */
export async function runRing3({ pid }: { readonly pid: number }, script: string): Promise<Engaged> {
  const output = new OutputFile()
  const ring3 = new ScriptProcess(pid, `config = { perf_rb_pages = ${RING_PAGES} } ${script}`, [
    '--via',
    'jump',
    '-o',
    output.path,
  ])
  await output.begun('Attached')
  return {
    async disengage() {
      await ring3.end()
      checked(output)
    },
  }
}

/** Why bpftrace cannot be run. */
export function missingBpftrace(): string | undefined {
  return missingTools('bpftrace') ?? (runsAsRoot ? undefined : 'not permitted: needs root')
}

/** The same by bpftrace. */
export async function runBpftrace({ pid }: { readonly pid: number }, script: string): Promise<Engaged> {
  const output = new OutputFile()
  const args = ['-p', String(pid), '-o', output.path, '-e', script]
  const tool = new AttachedTool(findTool('bpftrace') ?? 'bpftrace', args)
  await output.begun('Attaching')
  await sleep(1500) // it says so before it has done it
  return {
    async disengage() {
      tool.signal('SIGINT')
      await tool.ended()
      output.remove()
    },
  }
}

function byRing3({ name, script }: (typeof works)[number], what: string): Variant {
  const prints = script.includes('printf')
  return interleaved({
    name: `${name}, ring3`,
    what,
    call: 'plain',
    threads: [1],
    calls: prints ? SLOW_CALLS : FAST_CALLS,
    repeats: 5,
    copies: prints ? 1 : 4,
    unavailable: async () => missingCli(),
    async engage(target) {
      const engaged = await runRing3(target, `uprobe:call-cost:plain_${prints ? '0' : '*'} ${script}`)
      if (prints) await fillBuffers(target, 'plain_0')
      return engaged
    },
  })
}

function byBpftrace({ name, script }: (typeof works)[number], what: string): Variant {
  return interleaved({
    name: `${name}, bpftrace`,
    what,
    call: 'plain',
    threads: [1],
    calls: SLOW_CALLS,
    repeats: 3,
    copies: 1,
    unavailable: async () => missingBpftrace(),
    engage: (target) => runBpftrace(target, `uprobe:${target.path}:plain_0 ${script}`),
  })
}

/** The same scripts by ring3 and by bpftrace on the same function, and an event of LTTng-UST. */
export const scriptVariants: readonly ScheduledVariant[] = [
  unprobed,
  ...works.flatMap((work) => [
    byRing3(work, 'machine code behind a jump'),
    byBpftrace(work, 'a uprobe with BPF, on push'),
  ]),
  lttngEvent,
].map((variant) => ({ variant, every: 1 }))
