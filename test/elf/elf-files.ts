import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { ElfImage } from '../../src/elf/elf-image.js'
import { parseElf } from '../../src/elf/parse-elf.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { buildProgram, findTool } from '../programs/build.js'
import type { ProgramName } from '../programs/program-table.js'

/** Files of the system that differ in kind: each is skipped where it is not installed. */
export const systemFiles: readonly string[] = [
  '/bin/true',
  '/lib/x86_64-linux-gnu/libc.so.6',
  '/usr/lib/x86_64-linux-gnu/libstdc++.so.6',
  '/usr/lib/postgresql/15/bin/postgres',
  process.execPath,
]

export const builtFiles: readonly ProgramName[] = [
  'calls',
  'calls-nonpie',
  'calls-static',
  'calls-static-pie',
  'calls-stripped',
  'calls-musl',
  'throws',
  'go-calls',
  'go-calls-stripped',
  'rust-calls',
]

/** The path of a system file or of a built program; skips the test, with the reason, where it cannot be had. */
export async function elfPath(t: TestContext, file: string | ProgramName): Promise<string | undefined> {
  if (file.startsWith('/')) {
    if (existsSync(file)) return realpathSync(file)
    t.skip(`not installed: ${file}`)
    return undefined
  }
  const program = builtFiles.find((name) => name === file)
  assert.ok(program !== undefined, `${file} is no test program`)
  const built = await buildProgram(program)
  if (built.kind === 'built') return built.path
  t.skip(built.because)
  return undefined
}

/** Skips the test where the oracle is not installed. */
export function hasTool(t: TestContext, tool: string): boolean {
  if (findTool(tool) !== undefined) return true
  t.skip(`not installed: ${tool}`)
  return false
}

export function openElf(path: string): ElfImage {
  const image = parseElf(readFileSync(path))
  assert.ok(!isRefusal(image), `${path} is a good file`)
  return image
}

/** What a tool prints, line by line. Its exit code only says that it has warned. */
export function linesOf(tool: string, ...args: readonly string[]): string[] {
  const { stdout } = spawnSync(tool, args, { maxBuffer: 1 << 30, encoding: 'utf8' })
  return stdout.split('\n')
}
