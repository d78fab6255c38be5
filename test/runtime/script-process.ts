import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { cliPath } from './ring3-cli.js'

const LIMIT_MS = 60_000

/** A `ring3 -p PID -e SCRIPT` in a process of its own, as a user would run it. */
export class ScriptProcess implements AsyncDisposable {
  readonly #child
  stdout = ''
  stderr = ''

  constructor(pid: number, script: string, args: readonly string[] = []) {
    const command = [process.execPath, cliPath, '-p', String(pid), ...args, '-e', script]
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
  }

  /** Resolves when all probes work; false if it has ended instead. */
  async attached(): Promise<boolean> {
    for (let waited = 0; waited < LIMIT_MS; waited += 10) {
      if (/Attached \d+ probes?\n/.test(this.stdout)) return true
      if (this.#child.exitCode !== null) return false
      await sleep(10)
    }
    throw new Error(`ring3 did not attach: ${this.stderr}`)
  }

  /** Ends it as Ctrl-C does, or otherwise. */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    const ended = this.ended()
    this.#child.kill(signal)
    await ended
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    await once(this.#child, 'close', { signal: AbortSignal.timeout(LIMIT_MS) })
  }

  /** SIGKILL to what does not end. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.end()
    } finally {
      this.#child.kill('SIGKILL')
    }
  }
}
