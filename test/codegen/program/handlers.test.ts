import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeadState } from '../../../src/codegen/x64/preserve.js'
import { compiled } from '../../lang/run-program.js'
import { missingTools } from '../../programs/build.js'
import { assertAgreement } from './assert-agreement.js'
import { states } from './machine-states.js'
import type { RunCase } from './run-cases.js'

const lacking = missingTools('gcc')

const values = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  100n,
  255n,
  256n,
  4096n,
  (1n << 32n) + 5n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
]

/** Text, numbers, and the end of what is mapped. */
const page = Buffer.alloc(4096)
for (let at = 0; at < page.length; at++) page[at] = at % 23 === 0 ? 0 : 97 + (at % 26)
const memory = new Map([[0x4000_0000n, page]])
page.write('abc\0defgh\0', 0xe00)
page.writeBigUInt64LE(0x4000_0e00n, 0xe10)
/** Pointers to text, to what is no address, to text that ends with what is mapped; then none. */
const pointers = [0x4000_0e00n, 0x4000_0e04n, 5n, 0x4000_0ff3n, 0x4000_0ffan, 1n << 63n, 0x4000_0100n]
for (let at = 0; at < 20; at++)
  page.writeBigUInt64LE(at < 18 ? (pointers[at % pointers.length] ?? 0n) : 0n, 0xd00 + 8 * at)

/** A script with one uprobe, hit with every value in turn. */
function caseOf(script: string, state: DeadState): RunCase {
  const text = script.replaceAll('$ADDRESS', '0x40000e00').replaceAll('$LIST', '0x40000d00')
  const program = compiled(
    text.startsWith('config') ? text : `config = { max_map_keys = 16; max_loop_turns = 100 } ${text}`,
    { unsafe: true },
  )
  const hits = values.map((value, at) => ({
    handler: 0,
    arguments: [value, values[(at + 3) % values.length] ?? 0n, BigInt(at), -value, value * 3n, value ^ 5n],
    returnValue: value,
  }))
  return { program, hits, memory, state }
}

const scripts = [
  'uprobe:a:b { @ = count() }',
  'uprobe:a:b { @ = hist(arg0) }',
  'uprobe:a:b { @ = hist((int64)arg0) }',
  'uprobe:a:b { @ = hist(arg0, 3) }',
  'uprobe:a:b { @ = lhist(arg0, 0, 1000, 10) }',
  'uprobe:a:b { @ = lhist((int64)arg0, 3, 300, 3) }',
  'uprobe:a:b { @ = lhist(arg0, 0, 1024, 64) }',
  'uprobe:a:b { @ = sum(arg0); @b = sum((int64)arg1); @c = sum(5) }',
  'uprobe:a:b { @ = min(arg0); @b = max(arg0); @c = min((int64)arg0); @d = max((int64)arg0) }',
  'uprobe:a:b { @ = avg(arg0); @b = stats((int32)arg1) }',
  'uprobe:a:b /arg0 > 100/ { @ = count() }',
  'uprobe:a:b /arg0 > 5 && arg1 < 4096 || !arg2/ { @ = count(); @b = sum(arg2) }',
  'uprobe:a:b { @ = arg0; @b = (int8)arg1; @c = (arg0, arg1, (int16)arg2) }',
  'uprobe:a:b { @n++; @n += (int64)arg2; if (@n > 5) { @m = @n } }',
  'uprobe:a:b { @ = arg0 / arg2; @b = arg0 % arg2; @c = arg0 / 3; @d = arg0 % 8; @e = arg0 / 16 }',
  'uprobe:a:b { $x = (int64)arg0; $y = (int64)arg1; $x = $y - $x; $y = $x * 3 + $y; @ = $x; @b = $y; @c = ($x ^ $y) & 0xff00ff00ff }',
  'uprobe:a:b { $i = (uint8)arg0; $i += (uint8)200; @ = $i; @b = (uint8)$i << 3; @c = ~$i; @d = -$i; @e = arg1 >> arg2; @f = arg1 << (arg2 + 1) }',
  'uprobe:a:b { $i = 0; while ($i < 10) { $i++; if ($i == 3) { continue } if ($i == 8) { break } @s = sum($i); @last = $i } }',
  'uprobe:a:b { while (1) { @n++ } @after = 1 }',
  'uprobe:a:b { @ = nsecs; @b = nsecs(tai); @c = elapsed; @d = cpu; @e = rand; @f = rand; @g = pid; @h = tid; @i = uid }',
  'uprobe:a:b { @ = arg0 > 5 ? arg1 : arg2; @b = arg0 == arg1; @c = (arg0 < 4, arg1 >= 7, arg2 != 0) }',
  'uprobe:a:b { @t = (1, (int8)arg0, arg1); $t = @t; @u = $t.2; @v = $t.1; $t = (2, $t.1, arg2); @w = $t }',
  'uprobe:a:b { @ = count(); @m = 5; @z = delete(@m); @y = delete(@m); if (arg0 > 5) { @m = 4 } }',
  'uprobe:a:b { @a = count(); @b = sum((int64)arg0); @c = avg((int64)arg1); @d = min(arg0); @e = max((int64)arg0); @f = stats(arg1); @r = ((uint64)@a, (int64)@b, (int64)@c, (uint64)@d, (int64)@e); if (@a > 5) { @g = 1 } }',
  'uprobe:a:b { if (arg2 & 1) { @a = count(); @h = hist(arg0) } @x = (uint64)@a; delete(@a); if (arg2 == 5) { delete(@h) } @k[arg0 & 3] = lhist(arg1, 0, 100, 10) }',
  'uprobe:a:b { @a[arg0] = count(); for ($kv : @a) { print($kv); @s = sum($kv.0); if ($kv.0 == 8) { continue } if ($kv.1 > 1) { break } @n++ } }',
  'uprobe:a:b { @a[(int8)arg0, arg2] = (arg1, (int16)arg2); @h[comm, arg0] = avg(arg1); for ($kv : @a) { @x[$kv.1.1] = $kv.0.0; delete(@a, ((int8)7, (uint64)4)) } for ($e : @h) { @y = $e.1; @z = $e.0.0 } }',
  'config = { max_loop_turns = 20 } uprobe:a:b { @a[arg0] = 1; for ($a : @a) { for ($b : @a) { @n++; print(($a.0, $b.0)) } } }',
  'uprobe:a:b { @[arg0] = count() }',
  'uprobe:a:b { @[arg2] = count(); @[arg0 & 7] = count() }',
  'config = { max_map_keys = 3 } uprobe:a:b { @[arg0] = sum(arg1); @b[arg1] = arg2 }',
  'uprobe:a:b { @[tid] = nsecs; @b[arg0] = arg1; $x = @b[arg1]; @c[arg2] = $x; @d = has_key(@b, 4096); @e = len(@b) }',
  'uprobe:a:b { @[arg0, (int8)arg1] = hist(arg0); @c[(arg0, (1, arg2))] = (arg0, arg1); @l = @c[(arg1, (1, arg2))]; @d[arg0 & 1] = min(arg1); @e = (int64)@d[1] }',
  'uprobe:a:b { @["ab"] = count(); @[arg0 > 5 ? "cd" : "longer"] = count(); @c[comm, arg0 & 3] = avg((int64)arg1); @v = @c["handled", arg1] }',
  'uprobe:a:b { @[arg0] = arg1; @z = delete(@, arg1); if (arg0 > 7) { delete(@, arg0) } @[arg2] = 5 }',
  'config = { max_map_keys = 4 } uprobe:a:b { @[arg2] = arg1; delete(@, arg2); @b[arg2] = 1; if (arg2 > 2) { delete(@b, arg2 / 2) } }',
  'uprobe:a:b { printf("%d %d", arg0, arg1); if (arg2 > 3) { printf("x") } print((arg0, (int8)arg1, "text")); exit() }',
  'uprobe:a:b { printf("%s %s %c", comm, arg0 > 5 ? "five" : "seventeen", arg2); print(@x); clear(@x); @x = count(); @y = @z; @z = comm }',
  'uprobe:a:b { $a = $ADDRESS + arg2 * 300; @[arg2] = *(int32 *)$a; @b[arg2] = *(uint8 *)($a + 1); @s[arg2] = str($a); @t[arg2] = str($a, 7); @u[arg2] = buf($a, 12); @v[arg2] = str($a, arg2) }',
  'struct F { int a:5; int b:7; char name[6]; struct F *next; long big[20]; } uprobe:a:b { $f = (struct F *)($ADDRESS + arg2 * 292); @[arg2] = *$f; @b[arg2] = ($f->a, $f->b, $f->name); @n[$f->name] = $f->big[3]; @c = *(int64 *)arg0; @d = str(arg0) }',
  'uprobe:a:b { $s = str($ADDRESS + arg2 * 17); @[arg2] = ($s == "abc", strncmp($s, "defgh", 2), strcontains($s, "fg"), strlen($s)); @b[arg2] = $s == str($ADDRESS); @c[arg2] = (1, $s) == (1, "abc") }',
  'uprobe:a:b { @[arg2] = (bswap(arg0), bswap((uint16)arg1), ntop((uint32)arg0), ntop(10, pton("::1"))); $i = strstr("abcdef", arg2 > 3 ? "cd" : "xyz"); @b[arg2] = $i }',
  'uprobe:a:b { @ = arg0 >> (uint64)pid; @b = arg1 << (int64)(tid & 3); @c = (int64)arg1 >> (int8)uid }',
  // A ring has room for seven of them.
  'uprobe:a:b /arg2 < 7/ { join($LIST + arg2 * 8); @ = arg0 }',
  'uprobe:a:b /arg2 > 10/ { $x = arg1; join($LIST + arg2 * 8, ","); join(arg0); @ = $x }',
  'uprobe:a:b { if (arg2 & 1) { signal(0 * arg2); signal_thread((uint32)arg2 * 0) } @b = arg0 }',
  'uretprobe:a:b { @ = hist(retval); @b = reg("ax") }',
]

test('machine code of single handlers leaves what the interpreter leaves', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const cases = states.flatMap((state) => scripts.map((script) => ({ script, one: caseOf(script, state) })))
  const { refused } = assertAgreement(
    cases.map(({ one }) => one),
    (at) => `${cases[at]?.script} ${at}`,
  )
  assert.deepEqual([...refused], [])
})
