import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { filesBelow, readRepositoryFile, repositoryFile } from './repository.js'
import { assertNone } from './violations.js'

const folders = ['src', 'test', 'tools', 'bench', 'docs', '.ci']
const files = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'Makefile',
  'package.json',
  'package-lock.json',
  'biome.json',
  'tsconfig.json',
]

/** Text formats that are worth reading; the rest (fixtures, pictures of bytes) is not. */
const readable = /(?:\.(?:ts|md|json|sh|c|cpp|rs|go|svg|golden)|\/run|Makefile)$/

// Written so that this file does not contain what it looks for.
const machinePath = new RegExp(`(?<![\\w.])/(?:${['work', 'root', 'home'].join('|')})/[\\w.-]`)
const registryHost = new RegExp(
  `${['registry', '(?:npmjs|yarnpkg|npm)'].join('\\.')}|https?://[\\w.-]*:\\d+/repository`,
)

const mergeMark = new RegExp(`^(?:${['<', '=', '>'].map((sign) => sign.repeat(7)).join('|')})(?: |$)`)

const texts = [...filesBelow(folders, ''), ...files]
  .filter((path) => readable.test(path) && existsSync(repositoryFile(path)))
  .map((path) => ({ path, lines: readRepositoryFile(path).split('\n') }))

for (const [what, pattern] of [
  ['paths of one machine', machinePath],
  ['package registries', registryHost],
  ['sides of a merge', mergeMark],
] as const) {
  test(`texts name no ${what}`, () => {
    assertNone(
      texts.flatMap(({ path, lines }) =>
        lines.flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${pattern.exec(line)?.[0]}`] : [])),
      ),
    )
  })
}
