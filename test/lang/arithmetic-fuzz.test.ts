import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { programText } from '../../src/outputs/text/program-text.js'
import { askBpftrace, bpftraceMissing, marked } from './bpftrace-oracle.js'
import { compiled, runProgram } from './run-program.js'

const widths = ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64']

/** Variables of every type. Divisors are never 0: what comes of that has changed between versions. */
const variables = widths.map((_, at) => `$v${at}`)

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(...variables),
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '&', '|', '^'), tie('expression'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(tie('expression'), fc.constantFrom('/', '%'), tie('expression'))
      .map(([a, op, b]) => `(${a} ${op} ((${b}) | 1))`),
    fc
      .tuple(tie('expression'), fc.constantFrom('<<', '>>'), fc.integer({ min: 0, max: 63 }))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(fc.constantFrom(...widths), tie('expression')).map(([type, a]) => `(${type})${a}`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `((${a}) != 0 ? (int64)${b} : (int64)${c})`),
    fc
      .tuple(fc.constantFrom(...variables), fc.constantFrom('==', '<', '>='))
      .chain(([a, op]) =>
        fc.constantFrom(...variables.filter((b) => sameSign(a, b))).map((b) => `(${a} ${op} ${b} ? 1 : 0)`),
      ),
  ),
}))

function sameSign(a: string, b: string): boolean {
  return variables.indexOf(a) % 2 === variables.indexOf(b) % 2
}

const script = fc
  .tuple(
    fc.array(fc.bigInt({ min: -(1n << 63n) + 1n, max: (1n << 63n) - 1n }), { minLength: 8, maxLength: 8 }),
    fc.array(expression, { minLength: 15, maxLength: 15 }),
  )
  .map(([values, expressions]) => {
    const assigned = widths.map((type, at) => `$v${at} = (${type})${values[at]};`)
    // As int64, because versions differ in the sign of a result, not in its bits.
    return `BEGIN { ${assigned.join(' ')} ${expressions.map((value) => `printf("%lld\\n", (int64)${value});`).join(' ')} exit() }`
  })

const missing = bpftraceMissing()

test('random arithmetic of every type is that of the installed bpftrace', { skip: missing ?? false }, () => {
  fc.assert(
    fc.property(script, (text) => {
      const ours = runProgram(compiled(marked(text)))
        .records.map(programText)
        .join('')
      assert.equal(ours, askBpftrace(text, 'text'))
    }),
    { numRuns: 15, endOnFailure: true },
  )
})
