import { readFileSync, writeFileSync } from 'node:fs'
import { repositoryFile } from '../style/repository.js'

/** A script and what it prints. */
export interface ScriptCase {
  readonly script: string
  readonly expected: string
}

/** `PROG script`, then the lines that it prints, each behind a `|`. */
export function readCases(name: string): ScriptCase[] {
  const text = readFileSync(repositoryFile(`test/lang/cases/${name}.cases`), 'utf8')
  return text
    .split(/^PROG /m)
    .slice(1)
    .map((block) => {
      const [script = '', ...lines] = block.split('\n')
      const expected = lines.filter((line) => line.startsWith('|')).map((line) => line.slice(1))
      return { script, expected: expected.join('\n') }
    })
}

export function writeCases(name: string, cases: readonly ScriptCase[]): void {
  const blocks = cases.map(
    ({ script, expected }) =>
      `PROG ${script}\n${expected
        .split('\n')
        .map((line) => `|${line}\n`)
        .join('')}`,
  )
  writeFileSync(repositoryFile(`test/lang/cases/${name}.cases`), blocks.join(''))
}
