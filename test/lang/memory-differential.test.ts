import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { programText } from '../../src/outputs/text/program-text.js'
import { bpftraceMissing } from './bpftrace-oracle.js'
import { pretendHit } from './pretend-hit.js'
import { compiled, runProgram } from './run-program.js'

/** What the probed function gets the address of: integers, text with and without its NUL, bits. */
const data = Buffer.from([
  ...[0xb5, 0xff, 0x03, 0x84, 0x85, 0xf6, 0x07, 0x88],
  ...Buffer.from('abc\0defghijk\0xyz', 'latin1'),
  ...[1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0x80, 0, 0x7f, 0xff, 1, 0, 0, 0x80],
  ...Array.from({ length: 32 }, (_, at) => (at * 37 + 11) & 0xff),
])

const definition =
  'struct In { short x; unsigned char y; int z; }; struct Foo { int a:3; unsigned b:5; int c:8; short d; unsigned e; char s[4]; char t[8]; char u[5]; char v[3]; int list[2]; struct In in; unsigned long big; short grid[2][3]; };'

/** Bodies of `uprobe:PROGRAM:probed`, with `$f` for the struct. */
const bodies = [
  'printf("%d %d %d %d %u", $f->a, $f->b, $f->c, $f->d, $f->e)',
  'printf("%s|%s|%s|%s", $f->s, $f->t, $f->u, $f->v)',
  'printf("%d %d %d %d %d", $f->list[0], $f->list[1], $f->in.x, $f->in.y, $f->in.z)',
  'printf("%lx %d %d", $f->big, $f->grid[0][1], $f->grid[1][2])',
  'printf("%s|%s|%s", str(arg0 + 8), str(arg0 + 12, 32), str(arg0 + 8, 10))',
  'printf("%r|%rx", buf(arg0 + 8, 8), buf($f->s, 4))',
  'printf("%d %d %d", *(int8 *)(arg0 + 3), *(uint8 *)(arg0 + 3), *(int16 *)(arg0 + 4))',
  'printf("%d %u %ld", *(int32 *)(arg0 + 28), *(uint32 *)(arg0 + 28), *(int64 *)arg0)',
  '$p = (int32 *)(arg0 + 24); printf("%d %d", *$p, *($p + 1))',
  '@x[$f->s] = $f->d; @y = $f->in.x; @h = hist($f->e)',
  'if ($f->s == "abc") { printf("same") } if (strncmp($f->t, "defx", 3) == 0) { printf(" prefix") }',
  'printf("[%s] %d", str(0), *(int32 *)16)',
  'printf("%d %d", arg1, arg2)',
  'printf("%d", sizeof(struct Foo))',
]

const missing =
  bpftraceMissing() ?? (spawnSync('gcc', ['--version']).error === undefined ? undefined : 'gcc is not installed')

test('memory is read as the installed bpftrace reads it', { skip: missing ?? false }, (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'ring3-memory-'))
  try {
    const program = buildTarget(folder)
    const script = (body: string): string =>
      `${definition} uprobe:${program}:probed { $f = (struct Foo *)arg0; ${body} } END { printf("\\n<end>\\n") }`
    if (askTarget(program, script('printf("here")')) === undefined)
      return context.skip('bpftrace cannot place uprobes here')
    for (const body of bodies) assert.equal(ourOutput(script(body)), askTarget(program, script(body)), body)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** A program that calls `probed(data, -5, 70000)` once. */
function buildTarget(folder: string): string {
  const source = join(folder, 'target.c')
  writeFileSync(
    source,
    `unsigned char data[] = {${data.join(',')}};
__attribute__((noinline)) void probed(void *p, int a, int b) { __asm__ volatile("" :: "r"(p), "r"(a), "r"(b) : "memory"); }
int main(void) { probed(data, 5, 70000); return 0; }
`,
  )
  const program = join(folder, 'target')
  assert.equal(spawnSync('gcc', ['-O1', '-o', program, source]).status, 0)
  return program
}

/** What bpftrace prints, without the lines around it; `undefined` if the probe was not hit. */
function askTarget(program: string, script: string): string | undefined {
  const { stdout } = spawnSync('bpftrace', ['-c', program, '-e', script], { encoding: 'latin1', timeout: 20_000 })
  const text = stdout.replace(/^Attaching.*\n/, '').replace(/^(@\w*:) $/gm, '$1')
  return text.startsWith('\n<end>') && !script.includes('@') ? undefined : text.trim()
}

function ourOutput(script: string): string {
  const hit = pretendHit({ arguments: [0x5000n, 5n, 70000n], memory: new Map([[0x5000n, data]]) })
  const text = runProgram(compiled(script), [hit]).records.map(programText).join('')
  return Buffer.from(text.replace(/^Attached.*\n/, ''), 'utf8')
    .toString('latin1')
    .trim()
}
