import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { type Activity, startLoad } from './load.js'
import { PostgresSession } from './postgres-session.js'
import { runTool, runToolWell } from './run-tool.js'
import { freePort, makeServerFolder, nobody, runsAsRoot, type ServerFolder } from './server-folder.js'
import type { Load, RunningWorkload, Workload } from './workload.js'

const user = 'ring3'

/** Debian keeps the server's programs out of PATH, in a folder per version. */
function binaryFolder(): string | undefined {
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : []
  const inBase = versions.map((version) => join(base, version, 'bin')).find((path) => existsSync(join(path, 'initdb')))
  return inBase ?? findTool('initdb')?.replace(/\/initdb$/, '')
}

const consistency = `select
  (select sum(abalance) from pgbench_accounts) = (select sum(bbalance) from pgbench_branches)
  and (select sum(tbalance) from pgbench_tellers) = (select sum(bbalance) from pgbench_branches)
  and (select coalesce(sum(delta), 0) from pgbench_history) = (select sum(bbalance) from pgbench_branches)`

class RunningPostgres implements RunningWorkload {
  readonly name = 'postgres'
  readonly mainBinary = 'postgres'
  readonly pids: readonly number[]

  constructor(
    readonly server: Target,
    readonly port: number,
    readonly folder: ServerFolder,
    readonly binaries: string,
    readonly session: PostgresSession,
    backend: number,
  ) {
    this.pids = [backend, server.pid]
  }

  #pgbench(args: readonly string[]): Activity {
    const connection = ['-h', '127.0.0.1', '-p', String(this.port), '-U', user]
    return async (tally) => {
      const run = await runTool(join(this.binaries, 'pgbench'), [...connection, '-n', ...args, 'postgres'])
      const done = /transactions actually processed: (\d+)/.exec(run.stdout)?.[1]
      const failed = Number(/failed transactions: (\d+)/.exec(run.stdout)?.[1] ?? 0)
      tally.answered(Number(done ?? 0))
      if (failed > 0) tally.failed(`pgbench: ${failed} failed transactions`, failed)
      if (run.code !== 0 || done === undefined)
        tally.failed(`pgbench ended with ${run.code}: ${run.stderr.slice(-300)}`)
    }
  }

  /** Keeps the probed backend at work and looks at every answer. */
  #checkingSession(): Activity {
    let n = 0
    return async (tally) => {
      n += 1
      const sum = await this.session.ask(`select sum(i * ${n} % 1009) from generate_series(1, 500) i`)
      let expected = 0
      for (let i = 1; i <= 500; i++) expected += (i * n) % 1009
      if (sum !== String(expected)) tally.wrong(`sum ${n}: ${sum}, not ${expected}`)
      const text = await this.session.ask(`select md5('a${n}') = md5('a' || ${n}) and 'x${n}' ~ '^x[0-9]+$'`)
      if (text !== 't') tally.wrong(`text ${n}: ${text}`)
      tally.answered(2)
    }
  }

  startLoad(): Load {
    // -C connects anew for each transaction: backends are forked while probes come and go.
    return startLoad([
      this.#pgbench(['-c', '3', '-j', '1', '-T', '2']),
      this.#pgbench(['-c', '1', '-C', '-S', '-T', '2']),
      this.#checkingSession(),
    ])
  }

  async complaints(): Promise<readonly string[]> {
    const logged = this.server.stderr.all.filter((line) => /ERROR|FATAL|PANIC|terminated by signal/.test(line))
    if (!this.server.isRunning()) return [...logged, 'postgres is not running']
    const consistent = await this.session.ask(consistency.replaceAll('\n', ' '))
    return consistent === 't' ? logged : [...logged, `the balances do not agree: ${consistent}`]
  }

  async stop(): Promise<void> {
    await this.session.end()
    await this.server.stop()
    await this.folder[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

function serverArguments(data: string, port: number): readonly string[] {
  const settings = ['fsync=off', 'shared_buffers=32MB', 'max_connections=30', 'autovacuum_naptime=1s']
  const where = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', data]
  return [...where, ...settings.flatMap((setting) => ['-c', setting])]
}

async function start(): Promise<RunningWorkload> {
  const uid = runsAsRoot ? nobody : undefined
  const asUser = uid === undefined ? {} : { uid }
  const folder = await makeServerFolder('postgres', uid)
  const port = await freePort()
  const binaries = binaryFolder() ?? ''
  const data = join(folder.path, 'data')
  const cluster = ['-D', data, '-U', user, '--auth=trust', '--no-sync', '--no-locale', '-E', 'UTF8']
  await runToolWell(join(binaries, 'initdb'), cluster, { ...asUser, cwd: folder.path })
  const server = await startTarget(join(binaries, 'postgres'), serverArguments(data, port), {
    ...asUser,
    cwd: folder.path,
    ready: null,
  })
  await server.stderr.next(/ready to accept connections/)
  await runToolWell(join(binaries, 'pgbench'), [
    '-h',
    '127.0.0.1',
    '-p',
    String(port),
    '-U',
    user,
    '-i',
    '-q',
    'postgres',
  ])
  const session = new PostgresSession(join(binaries, 'psql'), port, user)
  const backend = Number(await session.ask('select pg_backend_pid()'))
  return new RunningPostgres(server, port, folder, binaries, session, backend)
}

export const postgresWorkload: Workload = {
  name: 'postgres',
  missing: () => (binaryFolder() === undefined ? 'not installed: postgresql' : undefined),
  start,
}
