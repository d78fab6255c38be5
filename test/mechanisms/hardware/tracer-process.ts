import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { hex } from '../../../src/bytes/address.js'
import type { HardwareResults } from '../../../src/mechanisms/hardware/hardware-probes.js'
import type { Breakpoint } from '../../../src/mechanisms/hardware/plan.js'
import { OutputLines } from '../../programs/output-lines.js'

const program = join(import.meta.dirname, 'tracer-program.js')
const modes = { execute: 'x', write: 'w', 'read-write': 'rw' } as const

export interface TracerOptions {
  readonly mode: 'hold' | 'repeat'
  readonly results: HardwareResults
  readonly uid?: number
}

/** `tracer-program` as a process of its own; it ends with this one. */
export class TracerProcess implements AsyncDisposable {
  private readonly child: ChildProcess
  readonly stdout: OutputLines
  private readonly stderr: OutputLines

  constructor(pid: number, breakpoints: readonly Breakpoint[], { mode, results, uid }: TracerOptions) {
    const user = uid === undefined ? [] : [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--bounding-set=-all']
    const texts = breakpoints.map(
      ({ address, length, access }) => `watchpoint:${hex(address)}:${length}:${modes[access]}`,
    )
    const command = [process.execPath, program, String(pid), results, mode, ...texts]
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...user, ...command], { stdio: 'pipe' })
    this.child = child
    this.stdout = new OutputLines(child.stdout, 'tracer')
    this.stderr = new OutputLines(child.stderr, 'tracer (stderr)')
  }

  /** `installed`, or the refusal. */
  async outcome(): Promise<string> {
    try {
      return await this.stdout.next(/^(?:installed|refused)/)
    } catch (error) {
      throw new Error(`the tracer said nothing: ${this.stderr.all.join(' | ')}`, { cause: error })
    }
  }

  async counts(): Promise<bigint[]> {
    this.child.stdin?.write('\n')
    const line = await this.stdout.next(/^counts/)
    return line.split(' ').slice(1).map(BigInt)
  }

  /** As `kill -9` does it; resolves when the process is gone, with all that it had open. */
  async kill(): Promise<void> {
    const gone = once(this.child, 'exit')
    if (this.child.kill('SIGKILL')) await gone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill()
  }
}
