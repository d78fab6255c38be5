import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { missingTools } from '../programs/build.js'
import { ring3 } from '../runtime/ring3-cli.js'
import { compressSymtab } from './compressed-symtab.js'
import { diskFiles, loadModule } from './loaded-module.js'

const PROGRAM = `
static __attribute__((noinline)) int hidden_work(int n) { return n * 3 + 1; }
int main(int argc, char **argv) { return hidden_work(argc) + (argv == 0); }
`

/** A folder with `program`, without a build id, and its stripped copy `stripped`. */
function makeProgram(t: TestContext): string | undefined {
  const missing = missingTools('gcc', 'objcopy', 'strip', 'xz')
  if (missing !== undefined) {
    t.skip(missing)
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'ring3-debug-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'program.c'), PROGRAM)
  run(folder, 'gcc', '-O1', '-Wl,--build-id=none', '-o', 'program', 'program.c')
  run(folder, 'strip', '--strip-all', '-o', 'stripped', 'program')
  return folder
}

function run(folder: string, tool: string, ...args: readonly string[]): void {
  execFileSync(tool, args, { cwd: folder, stdio: 'ignore' })
}

test('.gnu_debuglink leads to the symbols', async (t) => {
  const folder = makeProgram(t)
  if (folder === undefined) return
  run(folder, 'objcopy', '--only-keep-debug', 'program', 'program.debug')
  run(folder, 'objcopy', '--add-gnu-debuglink=program.debug', 'stripped')
  const { symbols } = await loadModule(join(folder, 'stripped'), diskFiles)
  assert.equal(symbols.find('hidden_work')[0]?.source, 'debug-file')
})

test('a debug file with another checksum is not taken', async (t) => {
  const folder = makeProgram(t)
  if (folder === undefined) return
  run(folder, 'objcopy', '--only-keep-debug', 'program', 'program.debug')
  run(folder, 'objcopy', '--add-gnu-debuglink=program.debug', 'stripped')
  writeFileSync(
    join(folder, 'program.debug'),
    Buffer.concat([readFileSync(join(folder, 'program.debug')), Buffer.of(0)]),
  )
  const { symbols } = await loadModule(join(folder, 'stripped'), diskFiles)
  assert.deepEqual(symbols.find('hidden_work'), [])
})

test('.gnu_debugdata holds the symbols', async (t) => {
  const folder = makeProgram(t)
  if (folder === undefined) return
  run(folder, 'objcopy', '--only-keep-debug', 'program', 'mini')
  run(folder, 'xz', '--format=xz', 'mini')
  run(folder, 'objcopy', '--add-section', '.gnu_debugdata=mini.xz', 'stripped')
  const { symbols } = await loadModule(join(folder, 'stripped'))
  assert.equal(symbols.find('hidden_work')[0]?.source, 'mini-debug-info')
})

test('damaged .gnu_debugdata is left aside', async (t) => {
  const folder = makeProgram(t)
  if (folder === undefined) return
  run(folder, 'objcopy', '--only-keep-debug', 'program', 'mini')
  run(folder, 'xz', '--format=xz', 'mini')
  const xz = readFileSync(join(folder, 'mini.xz'))
  const damaged = [
    xz.subarray(0, 0),
    xz.subarray(0, 5),
    xz.subarray(0, xz.length / 2),
    Buffer.from(xz).fill(0x5a, 100, 300),
  ]
  for (const bytes of damaged) {
    writeFileSync(join(folder, 'bad.xz'), bytes)
    run(folder, 'objcopy', '--remove-section=.gnu_debugdata', '--add-section', '.gnu_debugdata=bad.xz', 'stripped')
    const { symbols } = await loadModule(join(folder, 'stripped'))
    assert.deepEqual(symbols.find('hidden_work'), [])
    assert.ok(symbols.count > 0)
  }
})

for (const format of ['zlib', 'zstd'] as const) {
  test(`a symbol table compressed with ${format} is read`, async (t) => {
    const folder = makeProgram(t)
    if (folder === undefined) return
    const compressed = compressSymtab(readFileSync(join(folder, 'program')), format)
    if (compressed === undefined) return t.skip('not installed: zstd')
    writeFileSync(join(folder, 'compressed'), compressed)
    const { symbols } = await loadModule(join(folder, 'compressed'))
    assert.equal(symbols.find('hidden_work')[0]?.source, 'symtab')
  })
}

test('a debug file with a damaged symbol table is passed over, and that is said', async (t) => {
  const folder = makeProgram(t)
  if (folder === undefined) return
  run(folder, 'objcopy', '--only-keep-debug', 'program', 'program.debug')
  const debug = readFileSync(join(folder, 'program.debug'))
  damageSymtab(debug)
  writeFileSync(join(folder, 'program.debug'), debug)
  run(folder, 'objcopy', '--add-gnu-debuglink=program.debug', 'stripped')
  const { symbols, warnings } = await loadModule(join(folder, 'stripped'), diskFiles)
  assert.deepEqual(symbols.find('hidden_work'), [])
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /^its other source of symbols was passed over: .*damaged/)
  const listed = await ring3(['list', join(folder, 'stripped')])
  assert.equal(listed.code, 0)
  assert.equal(listed.stderr, `ring3: ${join(folder, 'stripped')}: ${warnings[0]}\n`)
})

/** Makes the symbol table begin behind the end of the file. */
function damageSymtab(file: Buffer): void {
  const SHT_SYMTAB = 2
  const start = Number(file.readBigUInt64LE(40))
  for (let at = start; at + 64 <= file.length; at += 64) {
    if (file.readUInt32LE(at + 4) === SHT_SYMTAB) file.writeBigUInt64LE(BigInt(file.length + 64), at + 24)
  }
}
