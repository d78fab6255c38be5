import { readFileSync, writeFileSync } from 'node:fs'
import { endMark, marked, modernText } from '../lang/bpftrace-oracle.js'
import { repositoryFile } from '../style/repository.js'
import { runTool } from '../workloads/run-tool.js'
import { ring3 } from './ring3-cli.js'

/** A script for the program `scripted`, which it calls PROGRAM, and what it prints. */
export interface ScriptCase {
  readonly script: string
  readonly expected: string
}

/** `scripts` has what bpftrace 0.17 and later versions agree about, `scripts-modern` what was written down by hand. */
export type CaseFile = 'scripts' | 'scripts-modern'

/** `PROG script`, then the lines that it prints, each behind a `|`. */
export function readScriptCases(file: CaseFile): ScriptCase[] {
  return readFileSync(repositoryFile(`test/runtime/cases/${file}.cases`), 'utf8')
    .split(/^PROG /m)
    .slice(1)
    .map((block) => {
      const [script = '', ...lines] = block.split('\n')
      const expected = lines.filter((line) => line.startsWith('|')).map((line) => line.slice(1))
      return { script, expected: expected.join('\n') }
    })
}

export function writeScriptCases(cases: readonly ScriptCase[]): void {
  const blocks = cases.map(({ script, expected }) => {
    const lines = expected.split('\n').map((line) => `|${line}\n`)
    return `PROG ${script}\n${lines.join('')}`
  })
  writeFileSync(repositoryFile('test/runtime/cases/scripts.cases'), blocks.join(''))
}

/**
 * Whether a script has the tracer do what changes its own course. Where handlers run in the target, the tracer does these when it
 * gets to them, as in bpftrace; by then the fifty calls of a loop have been made.
 */
export function isAsynchronous(script: string): boolean {
  return /exit\(\)|clear\(/.test(script)
}

/** What ring3 prints for a marked script that probes `program`, which it starts. */
export async function runWithRing3(script: string, program: string, format: 'text' | 'json'): Promise<string> {
  const via = isAsynchronous(script) ? 'breakpoint' : 'auto'
  const given = ['-f', format, '--via', via, '-c', program, '-e', placed(script, program)]
  const { code, stdout, stderr } = await ring3(given)
  if (code !== 0) throw new Error(`ring3 ended with ${code} for ${script}:\n${stdout}${stderr}`)
  return stdout.replaceAll(program, 'PROGRAM')
}

/** The same of the installed bpftrace, in the form of version 0.24. On one processor, so that events stay in order. */
export async function runWithBpftrace(script: string, program: string, format: 'text' | 'json'): Promise<string> {
  const command = ['-c', '0', 'bpftrace', '-f', format, '-c', program, '-e', placed(script, program)]
  const { stdout, stderr } = await runTool('taskset', command, { timeoutMs: 30_000 })
  if (!stdout.includes(endMark)) throw new Error(`bpftrace did not run ${script}:\n${stdout}${stderr}`)
  return (format === 'text' ? modernText(stdout) : stdout.replace(/\n{2,}/g, '\n')).replaceAll(program, 'PROGRAM')
}

function placed(script: string, program: string): string {
  return marked(script).replaceAll('PROGRAM', program)
}
