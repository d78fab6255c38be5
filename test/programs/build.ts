import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder, checkoutRoot } from './checkout.js'
import { type Compiler, type ProgramName, type ProgramSpec, programs } from './program-table.js'

const run = promisify(execFile)
const sourceFolder = join(checkoutRoot, 'test/programs')

export type Built =
  | { readonly kind: 'built'; readonly path: string }
  | { readonly kind: 'missing'; readonly because: string }

/** rustup installs outside of the usual PATH. */
const searchPath = [process.env['PATH'] ?? '', join(homedir(), '.cargo/bin'), '/usr/local/go/bin'].join(delimiter)

export function findTool(name: string): string | undefined {
  const candidates = searchPath.split(delimiter).map((folder) => join(folder, name))
  return candidates.find((path) => existsSync(path))
}

/** Names the skip reason when a tool is not installed. */
export function missingTools(...names: readonly string[]): string | undefined {
  const missing = names.filter((name) => findTool(name) === undefined)
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`
}

const compilerVersions = new Map<Compiler, Promise<string>>()

function compilerVersion(compiler: Compiler, path: string): Promise<string> {
  let version = compilerVersions.get(compiler)
  if (version === undefined) {
    version = run(path, [compiler === 'go' ? 'version' : '--version']).then(({ stdout }) => stdout)
    compilerVersions.set(compiler, version)
  }
  return version
}

async function cacheKey(spec: ProgramSpec, version: string): Promise<string> {
  const hash = createHash('sha256')
  hash.update(JSON.stringify(spec)).update(version)
  hash.update(await readFile(join(sourceFolder, spec.source)))
  hash.update(await readFile(join(sourceFolder, 'program.h')))
  return hash.digest('hex').slice(0, 16)
}

function compilerArguments(spec: ProgramSpec, output: string): readonly string[] {
  const source = join(sourceFolder, spec.source)
  if (spec.compiler === 'go') return ['build', ...spec.flags, '-o', output, source]
  return [...spec.flags, '-o', output, source]
}

async function compile(spec: ProgramSpec, compiler: string, output: string): Promise<void> {
  const env = {
    ...process.env,
    PATH: searchPath,
    GOCACHE: join(cacheFolder, 'go-build'),
    GO111MODULE: 'off',
    GOTOOLCHAIN: 'local',
  }
  await run(compiler, compilerArguments(spec, output), { env, cwd: sourceFolder })
  const [tool, ...rest] = spec.afterwards ?? []
  if (tool !== undefined) await run(tool, [...rest, output])
}

/**
 * Builds a target program, or takes it from the cache. The key covers source, flags and compiler, and the binary
 * appears by a rename, so that test processes may build the same program at the same time.
 */
export async function buildProgram(name: ProgramName): Promise<Built> {
  const spec: ProgramSpec = programs[name]
  const compiler = findTool(spec.compiler)
  if (compiler === undefined) return { kind: 'missing', because: `not installed: ${spec.compiler}` }
  const key = await cacheKey(spec, await compilerVersion(spec.compiler, compiler))
  const folder = join(cacheFolder, 'programs', `${name}-${key}`)
  const path = join(folder, name)
  if (existsSync(path)) return { kind: 'built', path }
  await mkdir(folder, { recursive: true })
  const workFolder = await mkdtemp(join(cacheFolder, 'programs', 'building-'))
  try {
    await compile(spec, compiler, join(workFolder, name))
    await rename(join(workFolder, name), path)
  } finally {
    await rm(workFolder, { recursive: true, force: true })
  }
  return { kind: 'built', path }
}
