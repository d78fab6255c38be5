import fc from 'fast-check'

const operators = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '==', '!=', '<', '<=', '>', '>=', '&&', '||']

/** Expressions of the grammar, most of which mean nothing. */
const { expression } = fc.letrec<{ expression: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String),
    fc.constantFrom('$a', '$b', '@x', '@', 'pid', 'arg0', '$1', '$#', 'true', '"text"', '0x1f', '1e3', '5ms'),
  ),
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc
      .tuple(tie('expression'), fc.constantFrom(...operators), tie('expression'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc.tuple(fc.constantFrom('-', '!', '~', '*'), tie('expression')).map(([op, a]) => `${op}(${a})`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
    fc
      .tuple(fc.constantFrom('uint8', 'struct Foo *', 'int64[2]', 'unsigned char'), tie('expression'))
      .map(([type, a]) => `(${type})(${a})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a}, ${b})`),
    fc
      .tuple(tie('expression'), fc.constantFrom('.field', '->field', '.0', '[1]'))
      .map(([a, member]) => `(${a})${member}`),
    tie('expression').map((a) => `@x[${a}]`),
    tie('expression').map((a) => `printf("%d", ${a})`),
    fc.constantFrom('$a++', '--@x', '@x[1]++', 'sizeof(uint8)', '{ $c = 1; $c }'),
  ),
}))

const { statement } = fc.letrec<{ statement: string }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'small' },
    expression.map((value) => `${value};`),
    fc
      .tuple(fc.constantFrom('$a', '@x', '@x["k"]'), fc.constantFrom('=', '+=', '<<='), expression)
      .map(([to, op, value]) => `${to} ${op} ${value};`),
    fc.tuple(expression, tie('statement'), tie('statement')).map(([a, b, c]) => `if (${a}) { ${b} } else { ${c} }`),
    fc.tuple(expression, tie('statement')).map(([a, b]) => `while (${a}) { ${b} break; }`),
    tie('statement').map((a) => `for ($kv : @x) { ${a} }`),
    fc.tuple(expression, tie('statement')).map(([a, b]) => `for ($i : 0..(${a})) { ${b} }`),
    tie('statement').map((a) => `unroll (2) { ${a} }`),
    fc.constantFrom('return;', 'let $n = 1;', 'exit();', '_ = 1;'),
  ),
}))

/** Scripts that can be read. */
export const anyScript: fc.Arbitrary<string> = fc
  .tuple(fc.option(expression), fc.array(statement, { maxLength: 5 }))
  .map(([predicate, body]) => `BEGIN ${predicate === null ? '' : `/(${predicate})/ `}{ ${body.join(' ')} }`)

const words = [
  ...operators,
  ...'{ } ( ) [ ] ; : , . .. = ++ -- -> ? $a @x @ $1 $# 1 0x 1e99 "a "b" // /* */ #include #! \\ \n BEGIN uprobe:a:b interval:s:1 struct union enum config let if else while for unroll macro return break sizeof offsetof printf print count hist str buf delete @x[1] (uint8) (struct'.split(
    ' ',
  ),
]

/** Words of the language in any order. */
export const anyTokens: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...words), { maxLength: 40 })
  .map((tokens) => `BEGIN { ${tokens.join(' ')}`)
