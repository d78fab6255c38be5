import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from '../../src/lang/compile.js'
import { defaultOptions } from '../../src/lang/compile-options.js'
import { Diagnostics } from '../../src/lang/diagnostic.js'
import type { ProgramNode } from '../../src/lang/syntax/ast.js'
import { parseProgram } from '../../src/lang/syntax/parse-program.js'
import { anyScript, anyTokens } from './any-script.js'
import { readCases } from './case-file.js'
import { printScript } from './print-script.js'

function parsed(script: string, parameters: readonly string[] = []): ProgramNode {
  const diagnostics = new Diagnostics()
  const program = parseProgram(script, parameters, diagnostics)
  assert.deepEqual(diagnostics.all, [], script)
  return program
}

/** A tree without its spans, as plain JSON. */
function shape(program: ProgramNode): unknown {
  return JSON.parse(
    JSON.stringify(program, (key, value) =>
      key === 'span' || key === 'operatorSpan' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
    ),
  )
}

// script | the tree, every operation in parentheses
const bodies: readonly [string, string][] = [
  ['1 + 2 * 3', '(1 + (2 * 3));'],
  ['(1 + 2) * 3', '((1 + 2) * 3);'],
  ['1 - 2 - 3', '((1 - 2) - 3);'],
  ['1 << 2 + 3', '(1 << (2 + 3));'],
  ['1 | 2 ^ 3 & 4', '(1 | (2 ^ (3 & 4)));'],
  ['1 == 2 < 3', '(1 == (2 < 3));'],
  ['1 && 2 || 3 && 4', '((1 && 2) || (3 && 4));'],
  ['$a ? 1 : $b ? 2 : 3', '($a ? 1 : ($b ? 2 : 3));'],
  ['-$a * !$b', '((- $a) * (! $b));'],
  ['~*$a', '(~ (* $a));'],
  ['*$a->b.c', '(* $a->b.c);'],
  ['$x++ + ++$y', '(($x++) + (++$y));'],
  ['@x[1, "a"]--', '(@x[(1, "x")]--);'.replace('"x"', '"a"')],
  ['(uint8)$a + 1', '(((uint8)$a) + 1);'],
  ['(struct foo *)arg0', '((struct foo *)arg0);'],
  ['((struct foo *)arg0)->bar', '((struct foo *)arg0)->bar;'],
  ['(unsigned long)$a', '((uint64)$a);'],
  ['(char *)arg1', '((int8 *)arg1);'],
  ['(foo_t *)arg0', '((foo_t *)arg0);'],
  ['(int8[8])$a', '((int8[8])$a);'],
  ['(uint8[])$a', '((uint8[])$a);'],
  ['(pid) + 1', '(pid + 1);'],
  ['$t.0.1', '$t.0.1;'],
  ['$a[1][2]', '$a[1][2];'],
  ['sizeof(struct foo) + sizeof($a)', '(sizeof(struct foo) + sizeof($a));'],
  ['offsetof(struct foo, a.b)', 'offsetof(struct foo, a.b);'],
  ['$a += 5; @b <<= 2', '$a += 5; @b <<= 2;'],
  ['let $a; let $b = 1; let $c: uint8 = 2', 'let $a; let $b = 1; let $c: uint8 = 2;'],
  ['if ($a) { 1 } else if ($b) { 2 } else { 3 }', 'if ($a) { 1; } else { if ($b) { 2; } else { 3; } }'],
  ['if $a > 1 { 2 }', 'if (($a > 1)) { 2; }'],
  ['while ($i < 5) { $i++; continue; break }', 'while (($i < 5)) { ($i++); continue; break; }'],
  ['for ($kv : @map) { print($kv) }', 'for ($kv : @map) { print($kv); }'],
  ['for ($i : 0..10) { }', 'for ($i : 0..10) {  }'],
  ['for $i : 1..$n { }', 'for ($i : 1..$n) {  }'],
  ['unroll(3) { 1 }', 'unroll (3) { 1; }'],
  ['$a = { let $b = 1; $b + 1 }', '$a = { let $b = 1; ($b + 1) };'],
  ['_ = has_key(@a, 1)', '_ = has_key(@a, 1);'],
  ['return; return 1', 'return; return 1;'],
  ['(1,); (); (1, 2)', '(1,); (); (1, 2);'],
  ['0x1f + 017 + 1e3 + 1_000 + 5ms + 7UL', '(((((31 + 15) + 1000) + 1000) + 5000000) + 7);'],
  ['"a\\n\\x41\\101\\"\\\\"', '"a\\x0aAA\\"\\\\";'],
  ['"a" "b"', '"ab";'],
  ['$1 + $#', '($1 + $#);'],
  ['@ = count(); @["x"] = 1', '@ = count(); @["x"] = 1;'],
  ['/* a */ 1 // b', '1;'],
  ['print(1);; print(2)', 'print(1); print(2);'],
]

for (const [script, expected] of bodies) {
  test(`${script} is ${expected}`, () => {
    assert.equal(printScript(parsed(`BEGIN { ${script}\n}`)), `BEGIN { ${expected} }`)
  })
}

// probes as written | attach points
const probes: readonly [string, readonly string[]][] = [
  ['BEGIN{', ['BEGIN']],
  ['uprobe:libc:malloc {', ['uprobe:libc:malloc']],
  ['uprobe:libc:malloc, uprobe:libc:free {', ['uprobe:libc:malloc', 'uprobe:libc:free']],
  ['uprobe:/usr/bin/redis-server:lookupKey* {', ['uprobe:/usr/bin/redis-server:lookupKey*']],
  ['uprobe:/bin/a-b.c:f+0x10 {', ['uprobe:/bin/a-b.c:f+0x10']],
  ['uprobe:./a.out:"ns::f(int, char*)" {', ['uprobe:./a.out:"ns::f(int, char*)"']],
  ['uprobe:"/opt/a b/c":main {', ['uprobe:"/opt/a b/c":main']],
  ['u:libc:memcpy@GLIBC_2.2.5,\n  ur:libc:x /pid/ {', ['u:libc:memcpy@GLIBC_2.2.5', 'ur:libc:x']],
  ['kprobe:f/arg0/ {', ['kprobe:f']],
  ['name=interval:s:1 {', ['name=interval:s:1']],
  ['i:ms:$1 {', ['i:ms:25']],
]

for (const [script, expected] of probes) {
  test(`the probes of ${script}`, () => {
    const [probe] = parsed(`${script} }`, ['25']).probes
    assert.deepEqual(
      probe?.attachPoints.map(({ text }) => text),
      expected,
    )
  })
}

test('a predicate ends before the brace, and may divide', () => {
  const program = parsed('uprobe:a:b / arg0 / 2 == 1 / { 1 } END /1/{}')
  assert.equal(printScript(program), 'uprobe:a:b /((arg0 / 2) == 1)/ { 1; }\nEND /1/ {  }')
  const block = parsed('uprobe:a:b /(arg0 / { 2 }) == 1/ { }')
  assert.equal(printScript(block), 'uprobe:a:b /((arg0 / { 2 }) == 1)/ {  }')
})

test('the preamble', () => {
  const script = `#!/usr/bin/env bpftrace
config = { max_strlen = 64; stack_mode = perf }
struct Foo { int a:3, *b[2]; union { char c; long d; }; struct In { short e; } f; };
enum Bar { A, B = 5, C };
let @m = hash(100);
macro add($x, @y, z) { $x + z }
BEGIN { }`
  assert.equal(
    printScript(parsed(script)),
    `config = { max_strlen = 64; stack_mode = "perf"; }
union (anonymous at 101) { int8 c; int64 d; };
struct In { int16 e; };
struct Foo { int32 a:3; int32 * b[2]; union (anonymous at 101) ; struct In f; };
enum Bar { A = 0, B = 5, C = 6 };
let @m = hash(100);
macro add($x, @y, z) { ($x + z) }
BEGIN {  }`,
  )
})

test('reading what was printed gives the same tree', () => {
  const scripts = ['arithmetic', 'printf', 'values', 'maps', 'aggregations', 'modern'].flatMap(readCases)
  for (const { script } of scripts.filter((candidate) => !/struct \{|enum \{/.test(candidate.script))) {
    const program = parsed(script)
    assert.deepEqual(shape(parsed(printScript(program))), shape(program), script)
  }
})

test('so it does for any script', () => {
  fc.assert(
    fc.property(anyScript, (script) => {
      const program = parsed(script)
      assert.deepEqual(shape(parsed(printScript(program))), shape(program))
    }),
    { numRuns: 500 },
  )
})

test('no text makes the compiler throw, and what it rejects has a message', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 200 }), anyTokens), (text) => {
      const compilation = compile('stdin', text, defaultOptions)
      assert.ok(compilation.kind === 'compiled' || compilation.diagnostics.length > 0)
    }),
    { numRuns: 2000 },
  )
})

test('nesting is bounded, and so are rows of operators', () => {
  for (const [open, inside, close] of [
    ['(', '1', ')'],
    ['-', '1', ''],
    ['{ ', '1', ' }'],
    ['if (1) { ', '1', ' }'],
    ['1 + ', '1', ''],
    ['$a.b', '', ''],
    ['1 ? 2 : ', '3', ''],
  ] as const) {
    const script = `BEGIN { ${open.repeat(20_000)}${inside}${close.repeat(20_000)} }`
    const compilation = compile('stdin', script, defaultOptions)
    assert.equal(compilation.kind, 'rejected', open)
  }
})

// What a small script could blow up, each in another pass.
const bombs: readonly [string, string][] = [
  ['macros that double', `macro d(x) { x + x } BEGIN { print(${'d('.repeat(100)}1${')'.repeat(100)}) }`],
  [
    'macros that call two macros each',
    `${Array.from({ length: 40 }, (_, at) => `macro m${at}() { m${at + 1}() + m${at + 1}() }`).join(' ')} macro m40() { 1 } BEGIN { m0() }`,
  ],
  ['unrolled unrolling', `BEGIN { ${'unroll(100) { '.repeat(20)} 1 ${'}'.repeat(20)} }`],
  ['rows of operators inside one another', `BEGIN { ${'('.repeat(140)}1${`${' + 1'.repeat(490)})`.repeat(140)} }`],
  ['rows of members inside one another', `BEGIN { ${'('.repeat(140)}$a${`${'.b'.repeat(190)})`.repeat(140)} }`],
  [
    'long arrays',
    'struct A { char a[9999999][9999999]; } BEGIN { $a = (string[999999999])"a"; $b = (uint8[4294967296])5; }',
  ],
  ['many errors', `BEGIN { ${'foo; '.repeat(5000)} }`],
]

for (const [what, script] of bombs) {
  test(`${what}: rejected with a message, and soon`, { timeout: 10_000 }, () => {
    const compilation = compile('stdin', script, defaultOptions)
    assert.equal(compilation.kind, 'rejected')
  })
}
