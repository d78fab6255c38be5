import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { compiled } from './run-program.js'

/** Definitions that mean the same in C and in a script; what they contain comes first. */
const definitions = [
  'struct A { char a; int b; short c; long d; };',
  'struct B { char a[3]; short b; char c; };',
  'struct C { struct A x; char y; struct B z[2]; };',
  'union D { char a[13]; long b; struct B c; };',
  'struct E { int a:3, b:5, c:24; int d:1; };',
  'struct F { char a; int b:4; int c:30; long d:40; char e:3; };',
  'struct G { short a:4, b:8, c:3, d:1; int e:9, f:15, g:1, h:2, i:5; };',
  'struct H { int a:5; int :0; int b:3; char c; int d:7; };',
  'struct I { char a; long b; int c; } __attribute__((packed));',
  'struct J { struct I x; int y; };',
  'struct K { void *a; char **b; int (*c)(int, char); unsigned long long d[3]; };',
  'struct L { unsigned char a; unsigned short b; unsigned c; unsigned long d; signed char e; long long f; };',
  'struct M { char a; struct { short b; long c; } d; union { int e; char f[9]; } g; };',
  'struct N { char a; union { int b; long c; }; char d; struct { short e; int f; }; };',
  'struct O { int n; char text[]; };',
  'struct P { char grid[2][3]; int cube[2][2][2]; };',
  'struct Q { unsigned a:1; unsigned char b:7; unsigned short c:9; unsigned long d:33; unsigned e:31; };',
]

function gccMissing(): string | undefined {
  return spawnSync('gcc', ['--version']).error === undefined ? undefined : 'gcc is not installed'
}

test('structs are laid out as gcc lays them out', { skip: gccMissing() ?? false }, () => {
  const { records } = compiled(`${definitions.join('\n')} BEGIN { }`)
  const named = [...records.values()].filter(({ name }) => !name.includes('anonymous'))
  const lines = named.flatMap(({ name, fields }) => [
    `printf("${name} %zu %zu\\n", sizeof(${name}), _Alignof(${name}));`,
    ...fields
      .filter(({ bitfield, name: field }) => bitfield === undefined && field !== '')
      .map(({ name: field }) => `printf("${name}.${field} %zu\\n", offsetof(${name}, ${field}));`),
  ])
  const expected = named.flatMap(({ name, size, alignment, fields }) => [
    `${name} ${size} ${alignment}`,
    ...fields
      .filter(({ bitfield, name: field }) => bitfield === undefined && field !== '')
      .map(({ name: field, offset }) => `${name}.${field} ${offset}`),
  ])
  assert.deepEqual(runC(lines).trimEnd().split('\n'), expected)
})

test('bits of a bitfield are where gcc puts them', { skip: gccMissing() ?? false }, () => {
  const { records } = compiled(`${definitions.join('\n')} BEGIN { }`)
  const bits = [...records.values()].flatMap(({ name, fields }) =>
    fields.flatMap(({ name: field, offset, bitfield }) =>
      bitfield === undefined || field === ':' ? [] : [{ name, field, offset, bitfield }],
    ),
  )
  const lines = bits.map(
    ({ name, field }) =>
      `{ ${name} x; memset(&x, 0, sizeof x); x.${field} = -1; unsigned char *p = (void *)&x; int first = -1, count = 0; for (int i = 0; i < (int)sizeof x * 8; i++) if (p[i / 8] >> i % 8 & 1) { if (first < 0) first = i; count++; } printf("${name}.${field} %d %d\\n", first, count); }`,
  )
  const expected = bits.map(
    ({ name, field, offset, bitfield }) => `${name}.${field} ${offset * 8 + bitfield.shift} ${bitfield.bits}`,
  )
  assert.deepEqual(runC(lines).trimEnd().split('\n'), expected)
})

/** The output of a C program that knows the definitions. */
function runC(lines: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ring3-records-'))
  try {
    const source = join(folder, 'layout.c')
    const headers = ['stdio.h', 'stddef.h', 'string.h'].map((header) => `#include <${header}>`)
    writeFileSync(source, `${[...headers, ...definitions].join('\n')}\nint main(void) {\n${lines.join('\n')}\n}\n`)
    const program = join(folder, 'layout')
    const built = spawnSync('gcc', ['-w', '-o', program, source], { encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
    return spawnSync(program, { encoding: 'utf8' }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}
