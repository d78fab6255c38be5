import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseElf } from '../../src/elf/parse-elf.js'
import type { RefusalCode } from '../../src/refusal/codes.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { elfPath, hasTool } from './elf-files.js'

/** A good file with some bytes of its header replaced. */
const facts: readonly (readonly [offset: number, hex: string, code: RefusalCode, because: RegExp])[] = [
  [0, '7f454c47', 'malformed-elf', /magic/],
  [4, '01', 'unsupported-elf', /32-bit/],
  [4, '03', 'malformed-elf', /class 3/],
  [5, '02', 'unsupported-elf', /big-endian/],
  [16, '0100', 'unsupported-elf', /relocatable object/],
  [16, '0400', 'unsupported-elf', /core dump/],
  [18, 'b700', 'unsupported-elf', /AArch64/],
  [18, '3412', 'unsupported-elf', /machine 4660/],
  [54, '2000', 'malformed-elf', /program headers of 32 bytes/],
  [56, '0000', 'malformed-elf', /no segment/],
  [56, 'ffff', 'malformed-elf', /65535 program headers/],
  [58, '2000', 'malformed-elf', /section headers of 32 bytes/],
  [60, 'ffff', 'malformed-elf', /cut off/],
  [40, 'ffffffffffffff7f', 'malformed-elf', /too large/],
]

test('a file that is not served says what it is', async (t) => {
  const path = await elfPath(t, '/bin/true')
  if (path === undefined) return
  for (const [offset, hex, code, because] of facts) {
    const bytes = Buffer.from(readFileSync(path))
    bytes.write(hex, offset, 'hex')
    const image = parseElf(bytes)
    assert.ok(isRefusal(image), `${hex} at ${offset}`)
    assert.equal(image.code, code, image.because)
    assert.match(image.because, because)
  }
})

test('files that are no ELF files are refused', () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('#!/bin/sh\n'),
    Buffer.from('\x7fELF', 'latin1'),
    Buffer.alloc(1 << 20),
  ]) {
    const image = parseElf(bytes)
    assert.ok(isRefusal(image) && image.code === 'malformed-elf')
  }
})

test('an object file of the compiler is refused as one', (t) => {
  if (!hasTool(t, 'gcc')) return
  const folder = mkdtempSync(join(tmpdir(), 'ring3-object-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'a.c'), 'int f(void) { return 1; }')
  execFileSync('gcc', ['-c', '-o', 'a.o', 'a.c'], { cwd: folder })
  const image = parseElf(readFileSync(join(folder, 'a.o')))
  assert.ok(isRefusal(image) && image.code === 'unsupported-elf')
})
