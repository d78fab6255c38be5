import { posix } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import { nodesOf, placeOf, sources } from './source-file.js'
import { assertNone } from './violations.js'

const MAX_FILE_LINES = 400
const MAX_FUNCTION_LINES = 70

/** Names that say nothing, and so fill up. */
const emptyNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'index', 'misc', 'shared'])

const all = sources('src', 'test', 'tools', 'bench')

test('files are named after what is in them, in kebab-case', () => {
  assertNone(
    all.flatMap(({ path }) => {
      const name = posix.basename(path).replace(/(?:\.test|\.d)?\.ts$/, '')
      if (emptyNames.has(name)) return [`${path}: “${name}” says nothing; name the file after its main export`]
      return /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) ? [] : [`${path}: file names are kebab-case`]
    }),
  )
})

test(`no file is longer than ${MAX_FILE_LINES} lines`, () => {
  assertNone(
    all
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_FILE_LINES)
      .map(({ path, lines }) => `${path}: ${lines} lines`),
  )
})

test(`no function is longer than ${MAX_FUNCTION_LINES} lines`, () => {
  assertNone(
    all.flatMap((source) =>
      [...nodesOf(source.tree)]
        .filter((node) => ts.isFunctionLike(node))
        .map((node) => ({ node, lines: node.getText().split('\n').length }))
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .map(({ node, lines }) => `${placeOf(source, node)}: a function of ${lines} lines`),
    ),
  )
})
