import { type ChildProcess, spawn } from 'node:child_process'

/** What a guardian is told when there is nothing left to do. */
export const DISMISSED = 'done'

/**
 * A process that watches over this one while handlers run in it: a handler that never returns keeps it from hearing of
 * Ctrl-C, and then it is killed. The guardian sees that by its closed input, and takes out what was left in the target.
 */
export class Guardian {
  private readonly child: ChildProcess

  constructor(pid: number) {
    const program = new URL('./guardian-process.js', import.meta.url).pathname
    // In a session of its own: Ctrl-C is not for it.
    this.child = spawn(process.execPath, [program, String(pid)], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    })
    this.child.unref()
    // It may have been ended before it was dismissed.
    this.child.stdin?.on('error', () => {})
    this.child.on('error', (error) => process.emitWarning(error))
  }

  dismiss(): void {
    this.child.stdin?.end(DISMISSED)
  }
}
