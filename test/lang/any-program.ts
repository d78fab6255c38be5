import fc from 'fast-check'

const arithmetic = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>']
const relations = ['==', '!=', '<', '<=', '>', '>=', '&&', '||']

/** Integers of a program whose variables are `$n` (int64), `$u` (uint8) and `$s` (a string). */
const { integer, truth } = fc.letrec<{ integer: string; truth: string }>((tie) => ({
  integer: fc.oneof(
    { depthSize: 'medium' },
    fc.integer({ min: -300, max: 300 }).map(String),
    fc.constantFrom(
      '$n',
      '$u',
      'arg0',
      'pid',
      'nsecs',
      'rand',
      '@n',
      '@m["k"]',
      '(int64)@c',
      '$t.0',
      '$r.of.n',
      '@n++',
      '--$n',
      'strlen($s)',
    ),
    fc.constantFrom(
      '*(int32 *)arg1',
      '((int16 *)arg1)[1]',
      '@k[$n]',
      'len(@k)',
      'sizeof($t)',
      '((struct Foo *)arg1)->b',
    ),
    fc.tuple(tie('integer'), fc.constantFrom(...arithmetic), tie('integer')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(fc.constantFrom('-', '~'), tie('integer')).map(([op, a]) => `(${op}${a})`),
    fc.tuple(tie('truth'), tie('integer'), tie('integer')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc
      .tuple(fc.constantFrom('uint8', 'int8', 'uint16', 'int32', 'uint64'), tie('integer'))
      .map(([type, a]) => `(${type})${a}`),
  ),
  truth: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('true', '$n', '!$u', '$s == "ab"', 'has_key(@k, 1)', '$t == (1, "x")', 'strcontains($s, "b")'),
    fc.tuple(tie('integer'), fc.constantFrom(...relations), tie('integer')).map(([a, op, b]) => `(${a} ${op} ${b})`),
  ),
}))

const text = fc.oneof(
  fc.constantFrom('"ab"', '$s', 'comm', 'str(arg1)', 'str(arg1, 4)', '@s', '((struct Foo *)arg1)->name'),
  truth.map((condition) => `(${condition} ? $s : "longer text")`),
)

const { statement } = fc.letrec<{ statement: string }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(fc.constantFrom('$n', '@n', '@m["k"]', '@k[$n]'), fc.constantFrom('=', '+=', '-=', '^='), integer)
      .map(([to, op, value]) => `${to} ${op} (int64)${value};`),
    fc.tuple(fc.constantFrom('$s', '@s'), text).map(([to, value]) => `${to} = ${value};`),
    fc.tuple(integer, text).map(([a, b]) => `$t = ((int64)${a}, ${b});`),
    fc
      .tuple(integer, text, fc.constantFrom('$r', '@r'))
      .map(([a, b, to]) => `${to} = (of=(s=${b}, n=(int64)${a}), n=(int64)$r.of.n);`),
    fc.tuple(integer, text).map(([a, b]) => `$r = (n=(int64)${a}, of=(n=(int64)$r.n, s=${b}));`),
    fc
      .tuple(fc.constantFrom('@h[comm] = hist', '@l = lhist', '@a = avg', '@z = stats', '@x[$s, pid] = max'), integer)
      .map(([to, value]) => (to.endsWith('lhist') ? `${to}((int64)${value}, 0, 100, 10);` : `${to}((int64)${value});`)),
    integer.map((value) => `printf("%d %x\\n", ${value}, ${value});`),
    text.map((value) => `printf("%s|%10s\\n", ${value}, ${value});`),
    fc.oneof(integer, text, truth).map((value) => `print((${value}, 1));`),
    fc.tuple(truth, tie('statement'), tie('statement')).map(([a, b, c]) => `if (${a}) { ${b} } else { ${c} }`),
    fc.tuple(truth, tie('statement')).map(([a, b]) => `while (${a}) { ${b} $n--; }`),
    tie('statement').map((a) => `for ($kv : @k) { ${a} $n += $kv.0 + $kv.1; }`),
    fc.tuple(integer, tie('statement')).map(([a, b]) => `for ($i : 0..(${a} & 7)) { ${b} $n += $i; }`),
    fc.constantFrom(
      'delete(@k, $n);',
      'clear(@m);',
      'zero(@k);',
      'print(@h);',
      'print(@k, 2, 3);',
      'join(arg1);',
      'print(*(struct Foo *)arg1);',
      'return;',
    ),
  ),
}))

/** Programs of which most make sense. */
export const anyProgram: fc.Arbitrary<string> = fc
  .array(statement, { minLength: 1, maxLength: 8 })
  .map(
    (body) =>
      `struct Foo { int a:5; int b:7; char name[6]; struct Foo *next; } uprobe:a:b { $n = 1; $u = (uint8)200; $s = "ab"; $t = (1, "x"); $r = (n=1, of=(n=2, s="y")); @r = $r; @c = count(); @n = 2; @m["k"] = 3; @k[1] = 4; @s = "text"; @h["h"] = hist(1); ${body.join(' ')} }`,
  )
