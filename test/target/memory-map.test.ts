import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { mappingAt, parseMaps, readMaps } from '../../src/target/memory-map.js'

/** A line as fs/proc/task_mmu.c writes it: the path begins in column 73. */
function line(path: string, fields = '7f1c00400000-7f1c00401000 r-xp 0000a000 fe:00 131'): string {
  return path === '' ? `${fields} ` : `${fields.padEnd(72)} ${path}`
}

function pathOf(row: string): string | undefined {
  return parseMaps(`${row}\n`)[0]?.path
}

test('every field of a line is read', () => {
  const [mapping] = parseMaps(`${line('/usr/lib/libc.so.6')}\n`)
  assert.deepEqual(mapping, {
    start: 0x7f1c00400000n,
    end: 0x7f1c00401000n,
    readable: true,
    writable: false,
    executable: true,
    shared: false,
    fileOffset: 0xa000,
    device: 'fe:00',
    inode: 131n,
    path: '/usr/lib/libc.so.6',
    deleted: false,
  })
})

test('anonymous memory has no path, and named memory its name', () => {
  const anonymous = '7f1c00400000-7f1c00401000 rw-s 00000000 00:00 0'
  assert.equal(pathOf(line('', anonymous)), '')
  assert.equal(pathOf(anonymous), '')
  for (const name of ['[heap]', '[stack]', '[vdso]', '[anon:a name with spaces]', 'anon_inode:[io_uring]']) {
    assert.equal(pathOf(line(name, anonymous)), name)
  }
  assert.equal(parseMaps(line('', anonymous))[0]?.shared, true)
})

test('addresses in the kernel’s half are read whole', () => {
  const [mapping] = parseMaps(line('[vsyscall]', 'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0'))
  assert.deepEqual([mapping?.start, mapping?.readable], [0xffffffffff600000n, false])
})

for (const path of [
  '/a b/c  d',
  '/trailing ',
  '/tmp/ünïcödé 😀',
  '/with\ttab',
  '/with \\backslash',
  '/7f00-8000 r-xp x',
]) {
  test(`the path ${JSON.stringify(path)} is read as it is`, () => {
    assert.equal(pathOf(line(path)), path)
  })
}

test('newlines in paths are read from the kernel’s \\012', () => {
  assert.equal(pathOf(line('/odd\\012name')), '/odd\nname')
})

for (const [name, path] of [
  ['a carriage return', '/odd\rname'],
  ['a line separator', '/odd\u2028name'],
] as const) {
  test(`a path with ${name} does not lose its mapping`, () => {
    assert.equal(pathOf(line(path)), path)
  })
}

test('a deleted file keeps its path, and is marked', () => {
  const [mapping] = parseMaps(line('/tmp/gone now.so (deleted)'))
  assert.deepEqual([mapping?.path, mapping?.deleted], ['/tmp/gone now.so', true])
  const [other] = parseMaps(line('/tmp/(deleted) not.so'))
  assert.deepEqual([other?.path, other?.deleted], ['/tmp/(deleted) not.so', false])
})

test('a device number of more than two digits and a large offset and inode are read', () => {
  const [mapping] = parseMaps(line('/x', '1000-2000 r--p 1ffffffff000 103:100 18446744073709551615'))
  assert.deepEqual([mapping?.device, mapping?.fileOffset, mapping?.inode], ['103:100', 0x1ffffffff000, 2n ** 64n - 1n])
})

test('lines that are none are passed over', () => {
  assert.deepEqual(parseMaps('\nnonsense\n7f1c00400000 r-xp\n\n'), [])
})

test('this process’s own maps are read to the last line, in order and without overlap', () => {
  const maps = readMaps(openRealDoor(), process.pid)
  const lines = readFileSync('/proc/self/maps', 'utf8').trim().split('\n')
  assert.ok(Math.abs(maps.length - lines.length) <= 3, `${maps.length} mappings, ${lines.length} lines`)
  for (let at = 1; at < maps.length; at++) assert.ok((maps[at - 1]?.end ?? 0n) <= (maps[at]?.start ?? 0n))
  assert.ok(maps.some(({ path }) => path === '[stack]'))
})

test('a mapping is found by any address from its start to before its end', () => {
  const maps = parseMaps(`${line('/a', '1000-3000 r-xp 0 fe:00 1')}\n${line('/b', '3000-4000 r-xp 0 fe:00 2')}\n`)
  const found = [0xfffn, 0x1000n, 0x2fffn, 0x3000n, 0x3fffn, 0x4000n].map((at) => mappingAt(maps, at)?.path)
  assert.deepEqual(found, [undefined, '/a', '/a', '/b', '/b', undefined])
})
