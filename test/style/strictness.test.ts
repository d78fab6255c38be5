import { test } from 'node:test'
import ts from 'typescript'
import { nodesOf, placeOf, type Source, sources } from './source-file.js'
import { assertNone } from './violations.js'

const all = sources('src', 'test', 'tools', 'bench')

/** Every node that `problem` has something to say about. */
function violations(problem: (node: ts.Node, source: Source) => string | undefined): string[] {
  return all.flatMap((source) =>
    [...nodesOf(source.tree)].flatMap((node) => {
      const text = problem(node, source)
      return text === undefined ? [] : [`${placeOf(source, node)}: ${text}`]
    }),
  )
}

test('nothing is any', () => {
  assertNone(
    violations(({ kind }) => (kind === ts.SyntaxKind.AnyKeyword ? 'any; unknown and a check says it' : undefined)),
  )
})

test('no cast silences the compiler: `as const` anywhere, brands in src/bytes', () => {
  assertNone(
    violations((node, { path }) => {
      if (ts.isTypeAssertionExpression(node)) return 'a cast'
      if (!ts.isAsExpression(node) || ts.isConstTypeReference(node.type) || path.startsWith('src/bytes/'))
        return undefined
      return `a cast to ${node.type.getText()}; narrow it with a check`
    }),
  )
})

test('no non-null assertion', () => {
  assertNone(violations((node) => (ts.isNonNullExpression(node) ? 'a !; say what holds with assert()' : undefined)))
})

test('no compiler check is switched off', () => {
  const directive = new RegExp(`@ts-${'(?:ignore|expect-error|nocheck)'}`)
  assertNone(
    all.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, at) => (directive.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
    ),
  )
})
