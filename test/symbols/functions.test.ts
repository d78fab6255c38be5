import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { vaddr } from '../../src/bytes/address.js'
import { builtFiles, elfPath, hasTool, linesOf, systemFiles } from '../elf/elf-files.js'
import { diskFiles, loadModule } from './loaded-module.js'

const LIBC = '/lib/x86_64-linux-gnu/libc.so.6'
const FUNCTION = /^ *\d+: ([0-9a-f]{16}) +(\w+) (FUNC|IFUNC) +\w+ +\w+ (?:\[.*?\])? *(\d+) (.+)$/

for (const file of [...systemFiles, ...builtFiles]) {
  test(`every function that readelf shows in ${file} is found by name and by address`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined || !hasTool(t, 'readelf')) return
    const { symbols, text } = await loadModule(path)
    const missing = linesOf('readelf', '-sW', path).filter((line) => {
      const [, value = '', , type, , label = ''] = FUNCTION.exec(line) ?? []
      const name = label.replace(/ \(\d+\)$/, '').replace(/@.*$/, '')
      const address = vaddr(Number.parseInt(value, 16))
      // Compilers' own names and symbols without code are no functions to a user.
      if (name === '' || name.startsWith('.') || !text.has(address)) return false
      const byAddress = symbols.at(address)
      const byName = symbols.find(name).some((f) => f.vaddr === address)
      return !byName || byAddress === undefined || (type === 'IFUNC' && byAddress.kind !== 'ifunc')
    })
    assert.deepEqual(missing, [])
  })

  test(`functions of ${file} are sorted, sized and inside of text`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined) return
    const { symbols, text } = await loadModule(path, diskFiles)
    assert.equal(symbols.functions.length, symbols.count)
    assert.ok(symbols.count > 0)
    let last = -1
    for (const f of symbols.functions) {
      assert.ok(f.vaddr > last && f.size > 0 && text.has(f.vaddr) && text.has(f.vaddr + f.size - 1), f.name)
      assert.ok(!f.aliases.includes(f.name) && new Set(f.aliases).size === f.aliases.length, f.name)
      last = f.vaddr
    }
  })
}

test('in libc, users find the names that they expect', async (t) => {
  const path = await elfPath(t, LIBC)
  if (path === undefined) return
  const { symbols } = await loadModule(path, diskFiles)
  for (const name of ['malloc', 'free', 'write', 'read', 'open', 'puts', 'printf', 'pthread_create', 'getenv']) {
    assert.equal(symbols.find(name)[0]?.name, name)
  }
  const malloc = symbols.find('malloc')[0]
  assert.ok(malloc !== undefined)
  assert.deepEqual(symbols.at(malloc.vaddr), malloc)
  assert.deepEqual(symbols.containing(vaddr(malloc.vaddr + malloc.size - 1)), malloc)
  assert.deepEqual(symbols.find('__libc_malloc'), [malloc])
  assert.equal(symbols.find('memcpy')[0]?.kind, 'ifunc')
  assert.deepEqual(symbols.find('no_such_function'), [])
})

test('a look-up gives the same before and after the index of names is made', async (t) => {
  const path = await elfPath(t, LIBC)
  if (path === undefined) return
  const { symbols } = await loadModule(path, diskFiles)
  const names = ['malloc', 'memcpy', 'qsort', 'nothing', 'sub_1', '_IO_puts']
  const first = names.map((name) => symbols.find(name))
  for (let i = 0; i < 10; i++) symbols.find('malloc')
  assert.deepEqual(
    names.map((name) => symbols.find(name)),
    first,
  )
})

test('match gives what the names say', async (t) => {
  const path = await elfPath(t, LIBC)
  if (path === undefined) return
  const { symbols } = await loadModule(path, diskFiles)
  const expected = symbols.functions.filter((f) => [f.name, ...f.aliases].some((name) => name.startsWith('mem')))
  assert.deepEqual(symbols.match('mem*'), expected)
  assert.equal(symbols.match('*').length, symbols.count)
  assert.deepEqual(symbols.match('malloc'), symbols.find('malloc'))
  assert.ok([...symbols.names()].includes('malloc'))
})

test('the functions of a stripped program are found by their frames', async (t) => {
  const full = await elfPath(t, 'calls')
  const stripped = await elfPath(t, 'calls-stripped')
  if (full === undefined || stripped === undefined) return
  const withNames = await loadModule(full)
  const { symbols } = await loadModule(stripped)
  const work = withNames.symbols.functions.filter((f) => withNames.frames.starts.includes(f.vaddr))
  assert.ok(work.length > 2)
  for (const f of work) {
    const found = symbols.find(`sub_${f.vaddr.toString(16)}`)[0]
    assert.equal(found?.vaddr, f.vaddr, f.name)
    assert.equal(found?.source, 'eh-frame')
  }
})

test('the functions of a stripped Go program are found by the table of its runtime', async (t) => {
  const full = await elfPath(t, 'go-calls')
  const stripped = await elfPath(t, 'go-calls-stripped')
  if (full === undefined || stripped === undefined) return
  const withNames = await loadModule(full)
  const { symbols } = await loadModule(stripped)
  const main = symbols.find('main.main')[0]
  assert.equal(main?.source, 'pclntab')
  const missing = withNames.symbols.match('main.*').filter((f) => symbols.find(f.name)[0]?.vaddr !== f.vaddr)
  assert.deepEqual(missing, [])
  assert.ok(symbols.count > withNames.symbols.count * 0.95)
})

test('the debug file of libc is taken where it is installed', async (t) => {
  const path = await elfPath(t, LIBC)
  if (path === undefined) return
  const id = (await loadModule(path)).image.buildId ?? ''
  const debugFile = `/usr/lib/debug/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`
  if (!existsSync(debugFile)) return t.skip(`not installed: ${debugFile}`)
  const { symbols } = await loadModule(path, diskFiles)
  assert.equal(symbols.find('_int_malloc')[0]?.source, 'debug-file')
})
