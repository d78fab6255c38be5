import { type ChildProcess, spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { OutputLines } from '../../test/programs/output-lines.js'

/** A tool that works on the target from a process of its own, until a signal ends it. */
export class AttachedTool {
  readonly #child: ChildProcess
  readonly #exited: Promise<number>
  readonly stdout: OutputLines
  readonly stderr: OutputLines

  constructor(path: string, args: readonly string[]) {
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    const { stdout, stderr } = this.#child
    if (!(stdout instanceof Readable) || !(stderr instanceof Readable)) throw new Error(`${path} did not start`)
    this.stdout = new OutputLines(stdout, path)
    this.stderr = new OutputLines(stderr, `${path} (stderr)`)
    this.#exited = new Promise((resolve) => this.#child.on('close', (code) => resolve(code ?? -1)))
  }

  /** Waits until the tool says that it works; ends it when it does not. */
  async working(output: 'stdout' | 'stderr', match: RegExp): Promise<string> {
    try {
      return await this[output].next(match, 30_000)
    } catch (error) {
      this.signal('SIGINT')
      await this.ended()
      throw error
    }
  }

  write(text: string): void {
    this.#child.stdin?.write(text)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Waits for the end; a tool that does not end in ten seconds is killed. */
  async ended(): Promise<number> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    const code = await this.#exited
    clearTimeout(timer)
    return code
  }
}
