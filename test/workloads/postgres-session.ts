import { type ChildProcess, spawn } from 'node:child_process'
import { Writable } from 'node:stream'
import { OutputLines } from '../programs/output-lines.js'

/** One psql that stays connected, and so one backend that stays busy. */
export class PostgresSession {
  readonly #child: ChildProcess
  readonly #lines: OutputLines

  constructor(psql: string, port: number, user: string) {
    const args = ['-X', '-q', '-A', '-t', '-h', '127.0.0.1', '-p', String(port), '-U', user, '-d', 'postgres']
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', psql, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    if (this.#child.stdout === null) throw new Error('psql has no output')
    this.#child.stdin?.on('error', () => undefined) // the next answer will be missing
    this.#lines = new OutputLines(this.#child.stdout, 'psql')
  }

  /** Sends one statement that answers with one row of one column. */
  ask(sql: string): Promise<string> {
    if (!(this.#child.stdin instanceof Writable)) throw new Error('psql has no input')
    this.#child.stdin.write(`${sql};\n`)
    return this.#lines.next(/./, 15_000)
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return resolve()
      this.#child.on('exit', () => resolve())
      this.#child.stdin?.end()
    })
  }
}
