import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dumpProgram } from '../../src/ir/dump-program.js'
import { compile } from '../../src/lang/compile.js'
import { defaultOptions } from '../../src/lang/compile-options.js'
import { programJson } from '../../src/outputs/json/program-json.js'
import { programText } from '../../src/outputs/text/program-text.js'
import { anyProgram } from './any-program.js'
import { programProblems } from './check-program.js'
import { type PretendedHit, pretendHit } from './pretend-hit.js'
import { compiled, type ProgramRun, runProgram } from './run-program.js'

function run(script: string, ...hits: readonly PretendedHit[]): ProgramRun {
  return runProgram(compiled(script), hits.map(pretendHit))
}

/** What a script prints, without the line about probes. */
function printed(script: string, ...hits: readonly PretendedHit[]): string {
  return run(script, ...hits)
    .records.map(programText)
    .slice(1)
    .join('')
    .trim()
}

const hello = new Map([[0x1000n, Buffer.from('hello\0world\0')]])

test('arguments, in registers and on the stack', () => {
  const stack = Buffer.alloc(32)
  stack.writeBigUInt64LE(77n, 8)
  stack.writeBigUInt64LE(88n, 16)
  const hit = {
    arguments: [1n, 2n, 3n, 4n, 5n, 6n],
    registers: { sp: 0x7000n, ip: 0x400n },
    memory: new Map([[0x7000n, stack]]),
  }
  assert.equal(
    printed('uprobe:a:b { printf("%d %d %d %d %d %x", arg0, arg5, arg6, arg7, sarg0, reg("ip")) }', hit),
    '1 6 77 88 77 400',
  )
})

test('str reads up to the NUL, to its length, and to the configured length', () => {
  const hit = { arguments: [0x1000n], memory: hello }
  assert.equal(printed('uprobe:a:b { printf("%s %s", str(arg0), str(arg0 + 6)) }', hit), 'hello world')
  assert.equal(printed('uprobe:a:b { printf("%s|%s", str(arg0, 3), str(arg0, 6)) }', hit), 'he..|hello')
  assert.equal(printed('config = { max_strlen = 4 } uprobe:a:b { print(str(arg0)) }', hit), 'hel..')
  assert.equal(printed('uprobe:a:b { $n = 3; printf("%s", str(arg0, $n)) }', hit), 'he')
})

test('a bad address gives zero or "", and is counted with its place', () => {
  const script = 'uprobe:a:b { printf("[%s] %d", str(arg0), *(int32 *)arg0); @[str(arg0)] = count() }'
  const { records, warnings } = run(script, { arguments: [5n] })
  assert.equal(records.map(programText)[1], '[] 0')
  assert.deepEqual(
    warnings.map(({ kind, span }) => [kind, span.start]),
    [
      ['bad-address', script.indexOf('str')],
      ['bad-address', script.indexOf('*')],
      ['bad-address', script.lastIndexOf('str')],
    ],
  )
})

test('structs are followed, nested, indexed and printed', () => {
  const memory = Buffer.alloc(64)
  memory.writeInt32LE(-7, 0)
  memory.write('name', 4)
  memory.writeBigUInt64LE(0x1020n, 16)
  memory.writeInt16LE(300, 24)
  memory.writeInt16LE(-300, 26)
  memory.writeInt32LE(42, 32)
  const hit = { arguments: [0x1000n], memory: new Map([[0x1000n, memory]]) }
  const definition =
    'struct In { int n; } struct Foo { int a; char name[5]; struct In *in; short list[2]; struct In own; }'
  const script = (body: string): string => `${definition} uprobe:a:b { $f = (struct Foo *)arg0; ${body} }`
  assert.equal(printed(script('printf("%d %s %d %d", $f->a, $f->name, $f.in->n, $f->list[1])'), hit), '-7 name 42 -300')
  assert.equal(
    printed(script('print(*$f)'), hit),
    '{ .a = -7, .name = name, .in = 0x1020, .list = [300,-300], .own = { .n = 0 } }',
  )
  assert.equal(
    printed(script('$s = *$f; @x = $s; print($s.name); print(@x.list); print(@x.own.n)'), hit).split('\n\n')[0],
    'name\n[300,-300]\n0',
  )
  assert.equal(printed(script('$i = 1; print($f.list[$i]); print(((int16 *)(arg0 + 24))[0])'), hit), '-300\n300')
  assert.equal(printed(script('printf("%r|%d", buf($f->list), sizeof($f->list))'), hit), ',\\x01\\xd4\\xfe|4')
})

test('a struct may point to itself, and to one below it', () => {
  const memory = Buffer.alloc(32)
  memory.writeInt32LE(1, 0)
  memory.writeBigUInt64LE(0x1010n, 8)
  memory.writeInt32LE(2, 16)
  const hit = { arguments: [0x1000n], memory: new Map([[0x1000n, memory]]) }
  const script = (to: string, more = ''): string =>
    `struct A { int id; ${to} *next; } ${more} uprobe:a:b { printf("%d", ((struct A *)arg0)->next->id) }`
  assert.equal(printed(script('struct A'), hit), '2')
  assert.equal(printed(script('struct B', 'struct B { int id; }'), hit), '2')
})

test('bitfields have no sign, as in bpftrace', () => {
  const memory = Buffer.from([0b1011_0101, 0xff, 0, 0])
  const hit = { arguments: [0x1000n], memory: new Map([[0x1000n, memory]]) }
  const script = (body: string): string =>
    `struct Foo { int a:3; unsigned b:5; int c:8; } uprobe:a:b { $f = (struct Foo *)arg0; ${body} }`
  assert.equal(printed(script('printf("%d %d %d", $f->a, $f->b, $f->c)'), hit), '5 22 255')
  assert.equal(printed(script('print(*$f)'), hit), '{ .a = 5, .b = 22, .c = 255 }')
})

test('text that fills its array has no NUL, and needs none', () => {
  const hit = { arguments: [0x1000n], memory: new Map([[0x1000n, Buffer.from('hello')]]) }
  assert.equal(
    printed('struct F { char s[5]; } uprobe:a:b { $a = ((struct F*)arg0)->s; printf("%s %s", $a, $a) }', hit),
    'hello hello',
  )
})

test('characters of text are bytes that can be taken one by one', () => {
  const hit = { arguments: [0x1000n], memory: new Map([[0x1000n, Buffer.from('hello\0')]]) }
  const script = (body: string): string => `struct F { char s[6]; } uprobe:a:b { $f = (struct F *)arg0; ${body} }`
  assert.equal(
    printed(script('printf("%c%c %r %d", $f->s[0], $f->s[4], buf($f->s), sizeof($f->s))'), hit),
    'ho hello\\x00 6',
  )
  assert.equal(printed(script('$v = *$f; printf("%c %s", $v.s[1], $v.s)'), hit), 'e hello')
})

test('a predicate that is false does nothing', () => {
  const script = 'uprobe:libc:malloc /arg0 > 100/ { @ = hist(arg0) }'
  assert.equal(printed(script, { arguments: [5n] }), '')
  assert.match(printed(script, { arguments: [200n] }), /^@:\n\[128, 256\) +1 \|@+\|$/)
})

test('maps keep their values from hit to hit', () => {
  const script = 'uprobe:a:b { @sum[comm] = sum(arg0); @last = arg0; @n++; @by[arg0 % 2] = count() }'
  const hits = [1n, 2n, 3n].map((value) => ({ arguments: [value], comm: value === 2n ? 'two' : 'odd' }))
  assert.equal(printed(script, ...hits), '@by[0]: 1\n@by[1]: 2\n@last: 3\n@n: 3\n@sum[two]: 2\n@sum[odd]: 4')
})

test('a full map counts what it loses', () => {
  const hits = [1n, 2n, 3n, 1n].map((value) => ({ arguments: [value] }))
  const { warnings } = run('config = { max_map_keys = 2 } uprobe:a:b { @[arg0] = count() }', ...hits)
  assert.deepEqual(
    warnings.map(({ kind }) => kind),
    ['map-full'],
  )
})

test('a loop without an end is stopped, and says so', () => {
  const { warnings, records } = run(
    'config = { max_loop_turns = 100 } uprobe:a:b { while (1) { @n++ } @after = 1 }',
    {},
  )
  assert.deepEqual(
    warnings.map(({ kind, span }) => [kind, span.start]),
    [['loop-bound', 47]],
  )
  assert.deepEqual(records.map(programText).slice(-2), ['', '@n: 100\n'])
})

test('division by zero gives 1 and a warning', () => {
  const { warnings } = run('uprobe:a:b { @ = arg0 / arg1; @m = arg0 % arg1 }', { arguments: [5n] })
  assert.deepEqual(
    warnings.map(({ kind }) => kind),
    ['division-by-zero', 'division-by-zero'],
  )
})

test('deleting what is not there warns', () => {
  const { warnings } = run('uprobe:a:b { @[1] = 1; delete(@, 2); delete(@, 1) }', {})
  assert.deepEqual(
    warnings.map(({ kind }) => kind),
    ['no-such-key'],
  )
})

test('join takes the strings of an array of pointers', () => {
  const memory = Buffer.alloc(64)
  memory.writeBigUInt64LE(0x1020n, 0)
  memory.writeBigUInt64LE(0x1023n, 8)
  memory.write('ls\0-l\0', 0x20)
  const hit = { arguments: [0x1000n], memory: new Map([[0x1000n, memory]]) }
  assert.equal(printed('uprobe:a:b { join(arg0); join(arg0, ",") }', hit), 'ls -l\nls,-l')
})

test('exit ends the handler at once, and the program', () => {
  const { records, exitCode } = run('uprobe:a:b { @++; exit(3); @++ } END { printf("end") }', {}, {})
  assert.equal(exitCode, 3)
  assert.equal(records.map(programText).slice(1).join(''), 'end\n\n@: 1\n')
})

test('evaluation goes from left to right', () => {
  assert.equal(
    printed('uprobe:a:b { $i = 1; print(($i, $i++, $i, ++$i)); $a = 10; $b = $a + $a++ + $a; print($b) }', {}),
    '(1, 1, 2, 3)\n31',
  )
  assert.equal(printed('uprobe:a:b { $i = 0; $x = $i++ && $i++ || ++$i; printf("%d %d", $x, $i) }', {}), '1 2')
  assert.equal(printed('uprobe:a:b { $i = 5; $j = $i > 3 ? $i-- : ++$i; printf("%d %d", $j, $i) }', {}), '5 4')
})

test('clocks go on, and differences are signed', () => {
  assert.equal(
    printed('uprobe:a:b { $s = nsecs; $e = nsecs; printf("%d %d", $e - $s, $s - $e) }', {}),
    '1000000 -1000000',
  )
})

test('retval, and what the thread is', () => {
  const script = 'uretprobe:a:b { @ = retval } uprobe:a:b { printf("%s %d %d %s", comm, pid, tid, func) }'
  assert.equal(printed(script, { comm: 'redis' }), 'redis 10 11 f0')
})

test('names of functions are compared with literals', () => {
  assert.equal(
    printed('uprobe:a:b /func == "f0"/ { print("f0") } uprobe:a:b /func != "f0"/ { print("not f0") }', {}),
    'f0',
  )
})

test('a time series has a line for each interval', () => {
  const hit = pretendHit({})
  const program = compiled('uprobe:a:b { @n += 4; @t = tseries(@n, 1ms, 4, "max") }')
  const text = runProgram(program, [hit, hit, hit]).records.map(programText).at(-1) ?? ''
  assert.equal(
    text.replace(/^\d\d:\d\d:/gm, '00:00:'),
    `@t:
             4                                                  12
hh:mm:ss.ms  |___________________________________________________|
00:00:01.001 *                                                   | 4
00:00:01.002 |                         *                         | 8
00:00:01.003 |                                                   * 12
             v___________________________________________________v
             4                                                  12

`,
  )
})

test('whatever compiles runs', () => {
  let ran = 0
  fc.assert(
    fc.property(anyProgram, (script) => {
      const compilation = compile('stdin', script, { ...defaultOptions, settings: new Map([['max_loop_turns', '50']]) })
      if (compilation.kind === 'rejected') return
      ran++
      assert.deepEqual(programProblems(compilation.program), [])
      const { records } = runProgram(compilation.program, [pretendHit({ arguments: [5n, 0x1000n], memory: hello })])
      records.map(programText)
      records.map(programJson)
      dumpProgram(compilation.program)
    }),
    { numRuns: 3000 },
  )
  assert.ok(ran > 300, `only ${ran} of the programs compiled`)
})
