import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchesModule, shortModuleName } from '../../src/probe/module-match.js'

const shortNames: readonly [string, string][] = [
  ['/usr/lib/x86_64-linux-gnu/libc.so.6', 'libc'],
  ['/lib/libc-2.36.so', 'libc'],
  ['/lib/ld-musl-x86_64.so.1', 'libc'],
  ['/lib/libc.musl-x86_64.so.1', 'libc'],
  ['/usr/lib/libc.so', 'libc'],
  ['/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30', 'libstdc++'],
  ['/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0.7400.6', 'libglib-2.0'],
  ['/usr/lib/libpython3.11.so.1.0', 'libpython3.11'],
  ['/lib64/ld-linux-x86-64.so.2', 'ld-linux-x86-64'],
  ['/usr/bin/redis-server', 'redis-server'],
  ['/usr/bin/python3.11', 'python3.11'],
  ['/opt/app (deleted)', 'app'],
  ['/opt/plugin.so', 'plugin'],
]

for (const [path, name] of shortNames) {
  test(`${path} is known as ${name}`, () => assert.equal(shortModuleName(path), name))
}

const debian = '/usr/lib/x86_64-linux-gnu/libc.so.6'
const matches: readonly [string, string, boolean][] = [
  ['libc', debian, true],
  ['libc.so', debian, true],
  ['libc.so.6', debian, true],
  ['libc.so.5', debian, false],
  ['lib', debian, false],
  ['lib*', debian, true],
  ['libc', '/usr/lib/x86_64-linux-gnu/libcrypto.so.3', false],
  ['libc*', '/usr/lib/x86_64-linux-gnu/libcrypto.so.3', true],
  ['libc', '/lib/libc-2.36.so', true],
  ['libc.so.6', '/lib/libc-2.36.so', true],
  ['libc-2.36.so', '/lib/libc-2.36.so', true],
  ['libc', '/lib/ld-musl-x86_64.so.1', true],
  ['libm', '/lib/ld-musl-x86_64.so.1', false],
  ['libstdc++', '/usr/lib/libstdc++.so.6.0.30', true],
  ['libstdc++.so.6', '/usr/lib/libstdc++.so.6.0.30', true],
  ['libstdc++.so.60', '/usr/lib/libstdc++.so.6.0.30', false],
  ['libz.so.1', '/usr/lib/libz.so.1.2.13', true],
  ['redis-server', '/usr/bin/redis-server', true],
  ['redis', '/usr/bin/redis-server', false],
  ['redis-*', '/usr/bin/redis-server', true],
  ['Redis-server', '/usr/bin/redis-server', false],
  ['/usr/bin/redis-server', '/usr/bin/redis-server', true],
  ['/bin/redis-server', '/usr/bin/redis-server', true],
  ['/opt/redis-server', '/usr/bin/redis-server', false],
  ['/lib/x86_64-linux-gnu/libc.so.6', debian, true],
  ['/usr/lib/x86_64-linux-gnu/libz.so.1', '/usr/lib/x86_64-linux-gnu/libz.so.1.2.13', true],
  ['/usr/lib/*/libc.so.6', debian, true],
  ['/libx32/a', '/usr/libx32/a', true],
  ['bin/redis-server', '/usr/bin/redis-server', true],
  ['in/redis-server', '/usr/bin/redis-server', false],
  ['./app', '/srv/me/app', true],
  ['../build/app', '/srv/build/app', true],
  ['../build/app', '/srv/other/app', false],
  ['app', '/opt/app (deleted)', true],
  ['/opt/app', '/opt/app (deleted)', true],
  ['*', '/opt/app', true],
  ['a.p', '/opt/app', false],
]

for (const [module, path, expected] of matches) {
  test(`${module} ${expected ? 'names' : 'does not name'} ${path}`, () => {
    assert.equal(matchesModule(module, path), expected)
  })
}
