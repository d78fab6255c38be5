import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram, missingTools } from '../../test/programs/build.js'
import { median } from '../../test/robustness/figures.js'
import { runTool } from '../../test/workloads/run-tool.js'
import { CallCostTarget } from '../call-cost-target.js'
import { AttachedTool } from './attached-tool.js'
import { fillBuffers } from './fill-buffers.js'
import type { Sample, Variant } from './variant.js'

const SESSION = 'ring3-bench'
/** Four for each processor: what a block below writes has room. */
const BUFFER = '2M'
const CALLS = 20_000

/** Runs `lttng`; its words are its own where it fails. */
async function lttng(...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runTool('lttng', args)
  if (code !== 0) throw new Error(`lttng ${args.join(' ')}: ${stdout}${stderr}`)
}

/** As soon as the daemon answers: it does not say when. */
async function createSession(folder: string): Promise<void> {
  for (let turn = 1; ; turn++) {
    try {
      // Without a daemon it would start one of its own, which stays.
      return await lttng('--no-sessiond', 'create', SESSION, `--output=${folder}`)
    } catch (error) {
      if (turn === 50) throw error
      await sleep(100)
    }
  }
}

/** A session that records into `folder` while `body` runs, with a daemon of its own. */
async function whileRecording<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const daemon = new AttachedTool('lttng-sessiond', ['--no-kernel'])
  try {
    await createSession(folder)
    await lttng(
      'enable-channel',
      '-u',
      '-s',
      SESSION,
      `--subbuf-size=${BUFFER}`,
      '--num-subbuf=4',
      '--discard',
      'calls',
    )
    await lttng('enable-event', '-u', '-s', SESSION, '-c', 'calls', 'call_cost:call')
    await lttng('start', SESSION)
    const result = await body()
    await lttng('destroy', SESSION)
    return result
  } finally {
    daemon.signal('SIGTERM')
    await daemon.ended()
  }
}

/** A static tracepoint, which has to be compiled in; recorded as its users do it. */
export const lttngEvent: Variant = {
  name: 'LTTng-UST event',
  what: 'a tracepoint of two integers compiled in, recorded',
  async unavailable() {
    const missing = missingTools('lttng', 'lttng-sessiond')
    if (missing !== undefined) return missing
    const built = await buildProgram('call-cost-lttng').catch(() => undefined)
    return built === undefined ? 'liblttng-ust-dev is not installed' : undefined
  },
  async sample(): Promise<readonly Sample[]> {
    const folder = await mkdtemp(join(tmpdir(), 'ring3-lttng-'))
    try {
      return await whileRecording(join(folder, 'trace'), async () => {
        await using target = await CallCostTarget.start('call-cost-lttng')
        await fillBuffers(target, 'traced')
        const block = { threads: 1, repeats: 5 }
        const bare = median(await target.measure({ ...block, call: 'bare', calls: 2_000_000 }))
        const traced = median(await target.measure({ ...block, call: 'traced', calls: CALLS }))
        return [{ threads: 1, addedNs: traced - bare }]
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}
