import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { OutputLines } from '../programs/output-lines.js'
import { runTool, type ToolRun } from '../workloads/run-tool.js'
import { type AttachedReport, parseAttached, parseCounts } from './count-report.js'

export const cliPath = join(import.meta.dirname, '../../src/cli/main.js')

/** Says why the command line cannot be driven, if so. */
export function missingCli(): string | undefined {
  return existsSync(cliPath) ? undefined : 'the command line is not built'
}

export interface CliOptions {
  readonly uid?: number
  readonly timeoutMs?: number
}

/** Runs a ring3 command to its end. */
export function ring3(args: readonly string[], options: CliOptions = {}): Promise<ToolRun> {
  return runTool(process.execPath, [cliPath, ...args], { timeoutMs: 120_000, ...options })
}

export interface CountResult {
  readonly counts: ReadonlyMap<string, bigint>
  readonly code: number
  readonly stderr: string
}

/** A `ring3 count -f json` in a process of its own, as a user would run it. */
export class CountProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<number>
  readonly stdout: OutputLines
  readonly stderr: OutputLines
  readonly startedAt = performance.now()

  constructor(pid: number, patterns: readonly string[], args: readonly string[] = [], uid?: number) {
    const user = uid === undefined ? [] : [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--bounding-set=-all']
    const command = [process.execPath, cliPath, 'count', '-p', String(pid), '-f', 'json', ...args, ...patterns]
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', ...user, ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
    const { stdout, stderr } = this.#child
    if (!(stdout instanceof Readable) || !(stderr instanceof Readable)) throw new Error('ring3 count did not start')
    this.stdout = new OutputLines(stdout, 'ring3 count')
    this.stderr = new OutputLines(stderr, 'ring3 count (stderr)')
    this.#exited = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : -1)))
    })
  }

  /** The pid of ring3 itself: setpriv has become it. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('ring3 count did not start')
    return this.#child.pid
  }

  /** Resolves when every probe works. */
  async attached(timeoutMs = 60_000): Promise<AttachedReport> {
    try {
      return parseAttached(await this.stdout.next(/"attached_probes"/, timeoutMs))
    } catch (error) {
      throw new Error(`ring3 count did not attach: ${this.stderr.all.join(' | ')}`, { cause: error })
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  exited(): Promise<number> {
    return this.#exited
  }

  /** Ends the count as Ctrl-C does. */
  async finish(): Promise<CountResult> {
    this.signal('SIGINT')
    const code = await this.#exited
    const last = this.stdout.all.findLast((line) => line.includes('"type":"map"'))
    return { counts: last === undefined ? new Map() : parseCounts(last), code, stderr: this.stderr.all.join('\n') }
  }

  /** Ends ring3, if it still runs, in the way that lets it detach. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.signal('SIGINT')
    const timer = setTimeout(() => this.signal('SIGKILL'), 60_000)
    await this.#exited
    clearTimeout(timer)
  }
}
