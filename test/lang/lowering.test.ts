import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { dumpProgram } from '../../src/ir/dump-program.js'
import { repositoryFile } from '../style/repository.js'
import { compiled } from './run-program.js'

/** One-liners that people know, and what each construct becomes. */
const scripts = [
  'uprobe:libc:malloc { @bytes = hist(arg0) }',
  'uprobe:libc:malloc /arg0 > 1 << 20/ { printf("%d asked for %d\\n", tid, arg0); @[comm, tid] = count() }',
  'uprobe:/usr/bin/redis-server:lookupKey* { @[func] = count() } interval:s:1 { print(@); clear(@) }',
  'uprobe:libc:open { printf("%s\\n", str(arg0)) }',
  'uprobe:libc:malloc { @start[tid] = nsecs } uretprobe:libc:malloc /@start[tid]/ { @ns = hist(nsecs - @start[tid]); delete(@start, tid) }',
  'struct Foo { int a; struct Foo *next; } uprobe:a:b { $f = (struct Foo *)arg0; while ($f) { @[$f->a]++; $f = $f->next } }',
  'uprobe:a:b { $x = arg0 > 5 && str(arg1) == "yes" ? 1 : 2; for ($i : 0..3) { if ($i == $x) { continue } print($i) } }',
  'uprobe:a:b { @x[1, "a"] += arg0 / 3; for ($kv : @x) { printf("%s %d", $kv.0.1, $kv.1) } }',
]

const path = repositoryFile('test/lang/lowering.golden')

test('programs look as they did', () => {
  const text = scripts.map((script) => `# ${script}\n${dumpProgram(compiled(script))}`).join('\n')
  if (process.env['RING3_UPDATE_GOLDEN'] === '1') writeFileSync(path, text)
  assert.equal(text, readFileSync(path, 'utf8'))
})
