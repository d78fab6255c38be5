import { findTool, missingTools } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { type Activity, type LoadTally, startLoad } from './load.js'
import { RedisClient } from './redis-client.js'
import { runTool } from './run-tool.js'
import { freePort, makeServerFolder, type ServerFolder } from './server-folder.js'
import type { Load, RunningWorkload, Workload } from './workload.js'

const tests = 'set,get,incr,lpush,rpop,sadd,hset,mset'

/** One burst of redis-benchmark, which ends at the first error reply or broken connection. */
function benchmark(port: number, requests: number): Activity {
  return async (tally) => {
    const run = await runTool('redis-benchmark', [
      ...['-h', '127.0.0.1', '-p', String(port), '-c', '10', '-n', String(requests), '-t', tests, '--csv'],
    ])
    const complaints = run.stderr.split('\n').filter((line) => /error/i.test(line))
    for (const line of complaints) tally.failed(`redis-benchmark: ${line}`)
    if (run.code !== 0) tally.failed(`redis-benchmark ended with ${run.code}: ${run.stderr.slice(-200)}`)
    const rows = run.stdout.split('\n').filter((line) => /^"[A-Z]+.*","\d/.test(line))
    tally.answered(rows.length * requests)
  }
}

/** SET, GET and INCR over one connection; each value is verified. */
function checkingClient(port: number, number: number): Activity {
  let client: RedisClient | undefined
  let count = 0
  const counter = `check:${number}:counter:${process.pid}:${Date.now()}`
  return async (tally: LoadTally) => {
    client ??= await RedisClient.connect(port)
    try {
      await checkOnce(client, tally, counter, ++count)
    } catch (error) {
      client.close()
      client = undefined
      count = 0
      throw error
    }
  }
}

async function checkOnce(client: RedisClient, tally: LoadTally, counter: string, n: number): Promise<void> {
  const key = `${counter}:${n % 50}`
  const value = `value-${n}-${'x'.repeat((n * 37) % 700)}`
  const [set, got, incremented] = await Promise.all([
    client.command('SET', key, value),
    client.command('GET', key),
    client.command('INCR', counter),
  ])
  tally.answered(3)
  if (set !== 'OK') tally.wrong(`SET ${key}: ${set}`)
  if (got !== value) tally.wrong(`GET ${key}: ${String(got).slice(0, 40)}, not ${value.slice(0, 40)}`)
  if (incremented !== n) tally.wrong(`INCR ${counter}: ${incremented}, not ${n}`)
}

export class RunningRedis implements RunningWorkload {
  readonly name = 'redis'
  readonly mainBinary = 'redis-server'
  readonly pids: readonly number[]

  constructor(
    readonly server: Target,
    readonly port: number,
    readonly folder: ServerFolder,
  ) {
    this.pids = [server.pid]
  }

  startLoad(): Load {
    return startLoad([benchmark(this.port, 5000), checkingClient(this.port, 1), checkingClient(this.port, 2)])
  }

  async complaints(): Promise<readonly string[]> {
    const logged = this.server.stdout.all.filter((line) => /BUG REPORT|crashed|Interrupted| # .*[Ee]rror/.test(line))
    if (!this.server.isRunning()) return [...logged, 'redis-server is not running']
    const client = await RedisClient.connect(this.port)
    const stats = String(await client.command('INFO', 'stats'))
    client.close()
    const errors = Number(/total_error_replies:(\d+)/.exec(stats)?.[1] ?? Number.NaN)
    return errors === 0 ? logged : [...logged, `total_error_replies: ${errors}`]
  }

  async stop(): Promise<void> {
    await this.server.stop()
    await this.folder[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Starts redis; `env` is for what is preloaded into it. */
export async function startRedis(env: Readonly<Record<string, string>> = {}): Promise<RunningRedis> {
  const folder = await makeServerFolder('redis')
  const port = await freePort()
  const path = findTool('redis-server') ?? 'redis-server'
  const server = await startTarget(
    path,
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder.path],
    { ready: /Ready to accept connections/, env },
  )
  return new RunningRedis(server, port, folder)
}

export const redisWorkload: Workload = {
  name: 'redis',
  missing: () => missingTools('redis-server', 'redis-benchmark'),
  start: () => startRedis(),
}
