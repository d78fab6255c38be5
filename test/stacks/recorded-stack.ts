import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A stop of a process under gdb: registers, memory around them, and the stack as gdb sees it. Numbers as decimal text. */
export interface RecordedStack {
  readonly pc: string
  readonly sp: string
  readonly fp: string
  readonly r10: string
  readonly frames: readonly { readonly pc: string; readonly name: string }[]
  readonly memory: readonly { readonly start: string; readonly bytes: string }[]
}

export interface Recording {
  readonly pid: number
  /** Functions that are run through all the time. */
  readonly functions: readonly string[]
  readonly stops: number
  /** A stop is fewer instructions than this behind the beginning of a function. */
  readonly steps: number
  readonly seed: number
}

const script = new URL('../../../test/stacks/record_stacks.py', import.meta.url).pathname

/** Has gdb stop a process many times; the process runs on afterwards. */
export async function recordStacks({ pid, functions, stops, steps, seed }: Recording): Promise<RecordedStack[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ring3-stacks-'))
  const out = join(folder, 'stacks.jsonl')
  const environment = {
    ...process.env,
    STACKS_OUT: out,
    STACKS_STOPS: String(stops),
    STACKS_STEPS: String(steps),
    STACKS_SEED: String(seed),
    STACKS_FUNCTIONS: functions.join(','),
  }
  try {
    const gdb = spawn('gdb', ['-nx', '-batch', '-p', String(pid), '-x', script], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let complaints = ''
    gdb.stderr.on('data', (text) => (complaints += String(text)))
    await once(gdb, 'exit')
    const lines = (existsSync(out) ? readFileSync(out, 'utf8') : '').split('\n').filter((line) => line !== '')
    if (lines.length < stops) throw new Error(`gdb made ${lines.length} stops of ${stops}: ${complaints.slice(-2000)}`)
    return lines.map((line): RecordedStack => JSON.parse(line))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
