import { Agent } from 'node:http'
import { join } from 'node:path'
import { startTarget, type Target } from '../programs/start-target.js'
import { checkPages } from './http-check.js'
import { startLoad } from './load.js'
import { answerTo } from './node-answer.js'
import type { Load, RunningWorkload, Workload } from './workload.js'

const connections = 6

class RunningNode implements RunningWorkload {
  readonly name = 'node'
  readonly mainBinary = 'node'
  readonly pids: readonly number[]
  readonly #agent = new Agent({ keepAlive: true, maxSockets: connections })

  constructor(
    readonly server: Target,
    readonly port: number,
  ) {
    this.pids = [server.pid]
  }

  startLoad(): Load {
    const clients = Array.from({ length: connections }, (_, client) => {
      const numberOf = (n: number): number => (n * connections + client) % 10_000
      return checkPages(
        this.#agent,
        this.port,
        (n) => `/${numberOf(n)}`,
        (n) => answerTo(numberOf(n)),
      )
    })
    return startLoad(clients)
  }

  async complaints(): Promise<readonly string[]> {
    return this.server.isRunning() ? this.server.stderr.all : [...this.server.stderr.all, 'node is not running']
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    await this.server.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

export const nodeWorkload: Workload = {
  name: 'node',
  missing: () => undefined,
  async start(): Promise<RunningWorkload> {
    const server = await startTarget(process.execPath, [join(import.meta.dirname, 'node-server.js')])
    const ready = server.stdout.all.find((line) => line.startsWith('ready ')) ?? ''
    return new RunningNode(server, Number(ready.slice(6)))
  },
}
