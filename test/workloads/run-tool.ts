import { spawn } from 'node:child_process'

export interface ToolRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface ToolOptions {
  /** Runs as this user id. */
  readonly uid?: number
  readonly cwd?: string
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a tool to its end; it dies with this process. A time-out kills it and is reported as code -1. */
export function runTool(path: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolRun> {
  const user = options.uid === undefined ? [] : [`--reuid=${options.uid}`, `--regid=${options.uid}`, '--clear-groups']
  return new Promise((resolve, reject) => {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...user, path, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
      timeout: options.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL',
      env: { ...process.env, ...options.env },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))
  })
}

/** As `runTool`, but a failure is an error. */
export async function runToolWell(path: string, args: readonly string[], options?: ToolOptions): Promise<string> {
  const run = await runTool(path, args, options)
  if (run.code !== 0) throw new Error(`${path} ${args.join(' ')} ended with ${run.code}: ${run.stderr.slice(-500)}`)
  return run.stdout
}
