import assert from 'node:assert/strict'
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { makeServerFolder } from '../workloads/server-folder.js'
import { assertCountRefused, assertRefused, withProgram } from './refusals.js'
import { missingCli, ring3 } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

test('a pattern that matches nothing: the nearest names are suggested', async (t) => {
  await withProgram(t, 'calls', [], async (target) => {
    await assertCountRefused(target.pid, 'libc:mallok', /\bmalloc\b/)
    await assertCountRefused(target.pid, 'calls:worc', /\bwork\b/)
  })
})

test('a module that is not there: the nearest modules are suggested', async (t) => {
  await withProgram(t, 'calls', [], (target) => assertCountRefused(target.pid, 'cals:work', /\bcalls\b/))
})

test('a pattern that cannot be read', async (t) => {
  await withProgram(t, 'calls', [], async (target) => {
    for (const pattern of ['malloc', ':', 'libc:', ':malloc', 'kprobe:do_exit', 'libc:malloc+zz', 'libc:0xzz']) {
      const run = await ring3(['count', '-p', String(target.pid), '-d', '1', pattern])
      assertRefused(run, /\S/)
      assert.equal(run.code, 2, pattern)
    }
  })
})

test('an offset inside an instruction', async (t) => {
  await withProgram(t, 'calls', [], (target) => assertCountRefused(target.pid, 'calls:work+1', /inside .*instruction/i))
})

test('an offset outside of text', async (t) => {
  await withProgram(t, 'calls', [], async (target) => {
    await assertCountRefused(target.pid, 'calls:0x0', /(not|outside|no) .*(text|executable)/i)
    await assertCountRefused(target.pid, 'calls:0x7fffffff', /(not|outside|no|beyond) .*(text|executable|file|loaded)/i)
  })
})

test('an ambiguous module: both paths are named, and a path decides', async (t) => {
  const [library, loader] = [await buildProgram('libtwin.so'), await buildProgram('loader')]
  if (missingCli() !== undefined) return t.skip(missingCli())
  if (library.kind === 'missing') return t.skip(library.because)
  if (loader.kind === 'missing') return t.skip(loader.because)
  await using folder = await makeServerFolder('twins')
  const paths = ['one', 'two'].map((name) => join(folder.path, name, 'libtwin.so'))
  for (const path of paths) {
    await mkdir(join(path, '..'))
    await copyFile(library.path, path)
  }
  await using target = await startTarget(loader.path, paths)
  const before = captureState(target.pid)
  await assertCountRefused(
    target.pid,
    'libtwin.so:twin',
    /(one\/libtwin\.so.*two\/libtwin\.so|two\/libtwin\.so.*one\/libtwin\.so)/s,
  )
  const run = await ring3(['count', '-p', String(target.pid), '-d', '0.2', '-q', `${paths[1]}:twin`])
  assert.equal(run.code, 0, run.stderr)
  assert.equal(await target.ask('report'), 'sum=4')
  assert.deepEqual(stateDifferences(before), [])
})

test('a library that was replaced on disk by a corrupt file', async (t) => {
  const [library, loader] = [await buildProgram('libtwin.so'), await buildProgram('loader')]
  if (missingCli() !== undefined) return t.skip(missingCli())
  if (library.kind === 'missing') return t.skip(library.because)
  if (loader.kind === 'missing') return t.skip(loader.because)
  await using folder = await makeServerFolder('replaced')
  const path = join(folder.path, 'libtwin.so')
  await copyFile(library.path, path)
  await using target = await startTarget(loader.path, [path])
  const before = captureState(target.pid)
  await writeFile(`${path}.new`, Buffer.alloc(20_000, 0x7f))
  await rename(`${path}.new`, path)
  const run = await ring3(['count', '-p', String(target.pid), '-d', '0.2', '-f', 'json', 'libtwin.so:twin'])
  if (run.code !== 0) assertRefused(run, /libtwin/)
  assert.equal(await target.ask('report'), 'sum=1')
  assert.deepEqual(stateDifferences(before), [])
})
