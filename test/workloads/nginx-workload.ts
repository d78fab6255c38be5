import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findTool, missingTools } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { checkPages, fetchPage } from './http-check.js'
import { startLoad } from './load.js'
import { freePort, makeServerFolder, type ServerFolder } from './server-folder.js'
import type { Load, RunningWorkload, Workload } from './workload.js'
import { wrkBurst } from './wrk-burst.js'

const page = Array.from({ length: 4000 }, (_, n) => `line ${n} of a page that is known`).join('\n')

function configuration(folder: string, port: number): string {
  return `
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log notice;
events { worker_connections 256; }
http {
  access_log off;
  keepalive_requests 1000000;
  gzip on;
  gzip_types *;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${folder};
    location = /short { return 200 "short\\n"; }
  }
}
`
}

function childrenOf(pid: number): readonly number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
  return list.split(' ').filter(Boolean).map(Number)
}

class RunningNginx implements RunningWorkload {
  readonly name = 'nginx'
  readonly mainBinary = 'nginx'
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })

  constructor(
    readonly master: Target,
    readonly port: number,
    readonly folder: ServerFolder,
    readonly pids: readonly number[],
  ) {}

  startLoad(): Load {
    const fetchKnown = checkPages(
      this.#agent,
      this.port,
      (n) => (n % 2 === 0 ? '/page.txt' : '/short'),
      (n) => (n % 2 === 0 ? page : 'short\n'),
    )
    const url = `http://127.0.0.1:${this.port}`
    return startLoad([wrkBurst(`${url}/short`, 8), wrkBurst(`${url}/page.txt`, 2), fetchKnown])
  }

  async complaints(): Promise<readonly string[]> {
    const log = await readFile(join(this.folder.path, 'error.log'), 'utf8')
    return log.split('\n').filter((line) => /\[(error|crit|alert|emerg)\]/.test(line) || /exited on signal/.test(line))
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    await this.master.stop()
    await this.folder[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

async function firstAnswer(port: number): Promise<void> {
  const agent = new Agent()
  for (let tries = 0; ; tries++) {
    try {
      await fetchPage(agent, port, '/short')
      return
    } catch (error) {
      if (tries > 100) throw error
      await sleep(50)
    }
  }
}

export const nginxWorkload: Workload = {
  name: 'nginx',
  missing: () => missingTools('nginx', 'wrk'),
  async start(): Promise<RunningWorkload> {
    const folder = await makeServerFolder('nginx')
    const port = await freePort()
    const file = join(folder.path, 'nginx.conf')
    await writeFile(join(folder.path, 'page.txt'), page)
    await writeFile(file, configuration(folder.path, port))
    const args = ['-c', file, '-p', folder.path, '-e', join(folder.path, 'error.log')]
    const master = await startTarget(findTool('nginx') ?? 'nginx', args, { ready: null })
    await firstAnswer(port)
    return new RunningNginx(master, port, folder, [...childrenOf(master.pid), master.pid])
  },
}
