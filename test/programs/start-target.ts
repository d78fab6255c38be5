import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { OutputLines } from './output-lines.js'

export interface StartOptions {
  /** Runs as this user id, without any capability. */
  readonly uid?: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** What must have been printed before the target counts as started; null to wait for nothing. */
  readonly ready?: RegExp | null
}

/** A running program that is no child of this process. */
export interface Target {
  readonly pid: number
  readonly stdout: OutputLines
  readonly stderr: OutputLines
  /** Sends a line and waits for the answer. */
  ask(command: string, answer?: RegExp, timeoutMs?: number): Promise<string>
  send(command: string): void
  /** Exit status as a shell sees it: 128 + signal number for a death by signal. */
  readonly exited: Promise<number>
  isRunning(): boolean
  /** Ends the program and whatever it started. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/*
 * libuv reaps the ptrace stops of its own children, so a target must not be a child of the process that traces it:
 * a shell stands between. The shell reports the pid and the exit status on descriptor 3. Both die with this process,
 * however it ends, through the parent-death signal.
 */
const shell = `
exec 4<&0
"$@" <&4 3>&- 4<&- &
echo "pid $!" >&3
exec 4<&- 0</dev/null 1>/dev/null 2>/dev/null
wait $!
echo "exit $?" >&3
`

const dieWithParent = ['setpriv', '--pdeathsig', 'KILL']

function asUser(uid: number | undefined): readonly string[] {
  if (uid === undefined) return dieWithParent
  return [
    ...dieWithParent,
    `--reuid=${uid}`,
    `--regid=${uid}`,
    '--clear-groups',
    '--bounding-set=-all',
    '--inh-caps=-all',
  ]
}

function readable(child: ChildProcess, descriptor: 1 | 2 | 3): Readable {
  const stream = child.stdio[descriptor]
  if (!(stream instanceof Readable)) throw new Error(`descriptor ${descriptor} of the shell cannot be read`)
  return stream
}

function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  } catch {
    // Gone from the process table: that is the answer.
    return undefined
  }
}

/** True while the process can still run code. */
export function isAlive(pid: number): boolean {
  const state = processState(pid)
  return state !== undefined && state !== 'Z' && state !== 'X'
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

class ShelteredTarget implements Target {
  readonly stdout: OutputLines
  readonly stderr: OutputLines
  readonly exited: Promise<number>
  readonly #stdin: Writable
  readonly #group: number
  #running = true

  constructor(
    readonly pid: number,
    child: ChildProcess,
    reports: OutputLines,
    name: string,
  ) {
    if (child.pid === undefined || !(child.stdin instanceof Writable)) throw new Error(`${name} did not start`)
    this.#group = child.pid
    this.#stdin = child.stdin
    this.#stdin.on('error', () => undefined) // EPIPE: the exit status tells
    this.stdout = new OutputLines(readable(child, 1), `${name} stdout`)
    this.stderr = new OutputLines(readable(child, 2), `${name} stderr`)
    this.exited = reports.next(/^exit \d+$/, 2 ** 31 - 1).then(
      (line) => Number(line.slice(5)),
      () => 137, // the shell was killed, and its child with it
    )
    void this.exited.then(() => {
      this.#running = false
    })
  }

  isRunning(): boolean {
    return this.#running && isAlive(this.pid)
  }

  send(command: string): void {
    this.#stdin.write(`${command}\n`)
  }

  ask(command: string, answer?: RegExp, timeoutMs?: number): Promise<string> {
    this.send(command)
    return this.stdout.next(answer, timeoutMs)
  }

  async stop(): Promise<void> {
    if (this.#running) signalIfThere(this.pid, 'SIGTERM')
    if (this.#running) signalIfThere(this.pid, 'SIGCONT')
    const ended = await Promise.race([this.exited.then(() => true), sleep(2000, false, { ref: false })])
    if (!ended) signalIfThere(this.pid, 'SIGKILL')
    await this.exited
    // The shell leads a session of its own: what the target started and left behind is in its group.
    signalIfThere(-this.#group, 'SIGKILL')
    this.#stdin.destroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Starts a program so that it can be traced from this very process, and waits until it says that it is ready. */
export async function startTarget(
  path: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Target> {
  const [command = '', ...rest] = [...dieWithParent, 'sh', '-c', shell, 'sh', ...asUser(options.uid), path, ...args]
  const child = spawn(command, rest, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  })
  const reports = new OutputLines(readable(child, 3), `shell of ${path}`)
  const pid = Number((await reports.next(/^pid \d+$/)).slice(4))
  const target = new ShelteredTarget(pid, child, reports, path)
  const ready = options.ready === undefined ? /^ready/ : options.ready
  if (ready === null) return target
  try {
    await target.stdout.next(ready)
  } catch (error) {
    await target.stop()
    throw new Error(`${path} did not start: ${target.stderr.all.join(' | ')}`, { cause: error })
  }
  return target
}
