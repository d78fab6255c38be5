import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { refuse } from '../refusal/refusal.js'
import { RefusedError } from './api.js'

/** What the launcher tells. */
export type LauncherMessage =
  | { readonly pid: number }
  /** The command has ended. */
  | { readonly code: number; readonly signal: NodeJS.Signals | null }

const SIGCONT = 'SIGCONT'

/** A command that was started for a run. It waits before its first instruction until `go`. */
export class LaunchedCommand implements AsyncDisposable {
  /** Resolves when the command has ended. */
  readonly ended: Promise<void>

  private constructor(
    private readonly launcher: ChildProcess,
    readonly pid: number,
  ) {
    this.ended = once(launcher, 'exit').then(() => {})
  }

  /** Starts `sh -c 'exec COMMAND'`, which stops itself before the exec. */
  static async start(command: string): Promise<LaunchedCommand> {
    const program = new URL('./launcher-process.js', import.meta.url).pathname
    const launcher = spawn(process.execPath, [program, command], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
    const [message] = await once(launcher, 'message')
    const pid = pidOf(message)
    if (pid === undefined) throw new RefusedError(refuse('target-gone', `${command} could not be started`))
    return new LaunchedCommand(launcher, pid)
  }

  /** Lets the command begin. */
  go(): void {
    process.kill(this.pid, SIGCONT)
  }

  /** Ends the command with SIGTERM, if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.launcher.exitCode !== null || this.launcher.signalCode !== null) return
    // Who has just ended takes no message, and needs none.
    if (this.launcher.connected) this.launcher.send('end', () => {})
    this.resume()
    await this.ended
  }

  /** Who is stopped takes no SIGTERM. */
  private resume(): void {
    try {
      this.go()
    } catch (error) {
      // It has ended meanwhile.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
}

function pidOf(message: unknown): number | undefined {
  return typeof message === 'object' && message !== null && 'pid' in message && typeof message.pid === 'number'
    ? message.pid
    : undefined
}
