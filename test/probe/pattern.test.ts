import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePattern } from '../../src/probe/pattern.js'

// text | module | symbol | offset
const symbols: readonly [string, string, string, number][] = [
  ['libc:malloc', 'libc', 'malloc', 0],
  ['  libc:malloc  ', 'libc', 'malloc', 0],
  ['uprobe:libc:malloc', 'libc', 'malloc', 0],
  ['u:libc:malloc', 'libc', 'malloc', 0],
  ['u:main', 'u', 'main', 0],
  ['u:ns::main', 'u', 'ns::main', 0],
  ['redis-server:*Command', 'redis-server', '*Command', 0],
  ['lib*:mem?py', 'lib*', 'mem?py', 0],
  ['*:*', '*', '*', 0],
  ['/usr/lib/x86_64-linux-gnu/libc.so.6:malloc', '/usr/lib/x86_64-linux-gnu/libc.so.6', 'malloc', 0],
  ['uprobe:/usr/sbin/nginx:main', '/usr/sbin/nginx', 'main', 0],
  ['libc:malloc+4', 'libc', 'malloc', 4],
  ['libc:malloc+0x1F', 'libc', 'malloc', 31],
  ['libc:memcpy@GLIBC_2.2.5', 'libc', 'memcpy@GLIBC_2.2.5', 0],
  ['libc:memcpy@@GLIBC_2.14+0x4', 'libc', 'memcpy@@GLIBC_2.14', 4],
  ['libstdc++:std::string::append', 'libstdc++', 'std::string::append', 0],
  ['uprobe:libstdc++.so.6:std::string::append', 'libstdc++.so.6', 'std::string::append', 0],
  ['app:ns::f(int, char const*)', 'app', 'ns::f(int, char const*)', 0],
  [
    'app:std::vector<int, std::allocator<int> >::push_back(int&&)+0x10',
    'app',
    'std::vector<int, std::allocator<int> >::push_back(int&&)',
    16,
  ],
  ['app:operator+', 'app', 'operator+', 0],
  ['app:operator++', 'app', 'operator++', 0],
  ['app:operator+=(A&, int)', 'app', 'operator+=(A&, int)', 0],
  ['app:operator+(A, A)+8', 'app', 'operator+(A, A)', 8],
  ['app:"operator+"+4', 'app', 'operator+', 4],
  ['app:"with:colon"', 'app', 'with:colon', 0],
  ['"/opt/a:b/app":main', '/opt/a:b/app', 'main', 0],
  ['app:_ZN2ns1fEv', 'app', '_ZN2ns1fEv', 0],
  ['go:main.(*T).Run', 'go', 'main.(*T).Run', 0],
]

for (const [text, module, symbol, offset] of symbols) {
  test(`${text.trim()} names ${symbol}${offset === 0 ? '' : ` + ${offset}`} in ${module}`, () => {
    assert.deepEqual(parsePattern(text), { kind: 'symbol', text, module, symbol, offset })
  })
}

for (const [text, module, offset] of [
  ['libc:0x9a0e0', 'libc', 0x9a0e0],
  ['u:/usr/bin/node:0X10', '/usr/bin/node', 16],
] as const) {
  test(`${text} names a file offset`, () => {
    assert.deepEqual(parsePattern(text), { kind: 'file-offset', text, module, fileOffset: offset })
  })
}

const bad: readonly [string, RegExp][] = [
  ['', /the pattern is empty/],
  ['   ', /the pattern is empty/],
  ['malloc', /character 1: there is no module: .* libc:malloc$/],
  ['std::string::append', /character 1: there is no module/],
  ['uprobe:malloc', /character 8: there is no module: .* libc:malloc$/],
  [':malloc', /character 1: the module is empty/],
  ['uprobe::malloc', /character 8: the module is empty/],
  ['libc:', /character 6: the symbol is empty/],
  ['libc:+4', /character 6: the symbol is empty/],
  ['libc:""', /character 6: the symbol is empty/],
  ['libc:malloc+', /character 13: there is no number behind the +/],
  ['libc:malloc+four', /character 13: four is no offset/],
  ['libc:malloc+0xzz', /character 13: 0xzz is no offset/],
  ['libc:malloc+99999999999999999999', /is no offset/],
  ['libc:1234', /character 6: 1234 is no file offset/],
  ['libc:0x', /character 6: 0x is no file offset/],
  ['libc:0xffffffffffffffff', /is no file offset/],
  ['libc:a:b', /character 7: a symbol holds no single colon/],
  ['kprobe:vfs_read', /patterns here are those of uprobe, not of kprobe/],
  ['usdt:libc:setjmp', /uprobe, not of usdt/],
  ['libc:"malloc', /character 6: the quote is not closed/],
  ['libc:mal\x1b[2Jloc', /‘libc:mal\?\[2Jloc’, character 9: a control character/],
  [`libc:${'x'.repeat(20000)}`, /longer than 16384 characters/],
]

for (const [text, because] of bad) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused with a place and a sentence`, () => {
    const refusal = parsePattern(text)
    assert.equal(refusal.kind, 'refusal')
    if (refusal.kind !== 'refusal') return
    assert.equal(refusal.code, 'bad-pattern')
    assert.match(refusal.because, because)
  })
}
