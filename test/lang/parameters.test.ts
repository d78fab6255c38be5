import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile } from '../../src/lang/compile.js'
import { defaultOptions } from '../../src/lang/compile-options.js'
import { runWarningText } from '../../src/lang/run-warning.js'
import { SourceText } from '../../src/lang/source-text.js'
import { programText } from '../../src/outputs/text/program-text.js'
import { pretendHit } from './pretend-hit.js'
import { compiled, runProgram } from './run-program.js'

/** What a script prints with parameters. */
function printed(script: string, ...parameters: readonly string[]): string {
  const { records } = runProgram(compiled(script, { parameters }))
  return records.map(programText).slice(1).join('').trim()
}

// script | parameters | what it prints; as in bpftrace's manual and tests
const cases: readonly [string, readonly string[], string][] = [
  ['BEGIN { printf("I got %d, %s (%d args)", $1, str($2), $#) }', ['42', 'hello'], 'I got 42, hello (2 args)'],
  ['BEGIN { printf("%s", str($1 + 1)) }', ['hello'], 'ello'],
  ['BEGIN { printf("-%d-%s-", $1, str($1)) }', [], '-0--'],
  ['BEGIN { printf("-%s-", str($1)) }', ['1'], '-1-'],
  ['BEGIN { printf("got: %d %o 0x%x", $1, $2, $3) }', ['123', '0775', '0x123'], 'got: 123 775 0x123'],
  ['BEGIN { printf("%lu", $1) }', ['0xffffffffffffffff'], '18446744073709551615'],
  ['BEGIN { print($1); print(($1, $2)) }', ['-5', 'p1'], '-5\n(-5, p1)'],
  ['BEGIN { if (strncmp("hello", "hell", $1) == 0) { printf("ok") } }', ['3'], 'ok'],
  ['BEGIN { if (str($1) == str($2)) { print("same") } else { print("not") } }', ['hello', 'hello'], 'same'],
  ['BEGIN { $x = str($1, 5); if ($x == "hell") { print("cut") } }', ['hello'], 'cut'],
  ['BEGIN { unroll($1) { printf("x") } }', ['3'], 'xxx'],
  [
    'BEGIN { @ = lhist(5, $1, $2, $3); printf("%r", buf("hello", $4)) }',
    ['0', '10', '5', '4'],
    'hell\n\n@:\n[5, 10)                1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|',
  ],
  ['$1 { print("where it says") }', ['BEGIN'], 'where it says'],
  ['BEGIN { print($1 + 1) }', ['0x10'], '17'],
]

for (const [script, parameters, expected] of cases) {
  test(`${script} with ${parameters.join(' ')}`, () => assert.equal(printed(script, ...parameters), expected))
}

test('settings of the environment go before those of the script', () => {
  const settings = new Map([['max_strlen', '5']])
  const program = compiled('config = { max_strlen = 9; BPFTRACE_MAX_MAP_KEYS = 7 } BEGIN { }', { settings })
  assert.equal(program.config.maxStringLength, 5)
  assert.equal(program.config.maxMapKeys, 7)
  assert.equal(compile('stdin', 'BEGIN { }', { ...defaultOptions, settings: new Map([['foo', '1']]) }).kind, 'rejected')
  const rings = (pages: string) => ({ settings: new Map([['perf_rb_pages', pages]]) })
  assert.equal(compiled('BEGIN { }', rings('64')).config.ringPages, 64)
  for (const pages of ['0', '3', '65536', 'many'])
    assert.equal(compile('stdin', 'BEGIN { }', { ...defaultOptions, ...rings(pages) }).kind, 'rejected', pages)
})

test('a child’s pid is there where the tracer has started one', () => {
  assert.equal(compile('stdin', 'BEGIN { print(cpid) }', { ...defaultOptions, hasChild: true }).kind, 'compiled')
  assert.equal(compile('stdin', 'BEGIN { print(cpid) }', defaultOptions).kind, 'rejected')
})

test('warnings of a run point into the script', () => {
  const script = 'uprobe:a:b { @[1] = 1; delete(@, 2); }'
  const { warnings } = runProgram(compiled(script), [pretendHit({})])
  assert.equal(
    warnings.map((warning) => runWarningText(new SourceText('stdin', script), warning)).join(''),
    `stdin:1:24-36: WARNING: Can't delete map element because it does not exist.
${script}
${' '.repeat(23)}~~~~~~~~~~~~
`,
  )
})
