import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type ProbePattern, parsePattern } from '../probe/pattern.js'
import { isRefusal, refuse } from '../refusal/refusal.js'
import { type ListOptions, RefusedError, type Ring3 } from '../session/api.js'
import type { ListedFunction } from '../session/session-types.js'
import { openDestination, type PrintOptions } from './destination.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'
import { listProcess } from './list-command.js'
import type { Messages } from './messages.js'

/** `ring3 -l`: of a process with `pid`, else of the file that each pattern names. */
export interface ListProbesOptions extends PrintOptions {
  readonly pid?: number
}

/** Lists probes as bpftrace does: `uprobe:PATH:SYMBOL`, one a line, sorted. */
export async function listProbes(
  searches: readonly string[],
  options: ListProbesOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<Outcome> {
  const wanted = (searches.length > 0 ? searches : everything(options)).map(readSearch)
  using destination = openDestination(options, false, host)
  const listen: ListOptions = { onWarning: (sentence) => messages.warning(sentence) }
  const lines = new Set<string>()
  const functions: ListedFunction[] = []
  for (const kind of probeKinds) {
    const patterns = wanted.filter((search) => search.kind === kind).map(({ pattern }) => pattern)
    const found = patterns.length === 0 ? [] : await functionsOf(patterns, options, engine, host, listen)
    for (const { module, symbol } of found) lines.add(`${kind}:${module}:${symbol}\n`)
    functions.push(...found)
  }
  const { output, sink } = destination
  sink.write(output.forPeople ? [...lines].sort().join('') : output.functions(functions, destination.options))
  if (options.verbose === true && lines.size > 0)
    messages.note('types of parameters are not shown: they would have to come from DWARF, which is not read yet')
  return 'done'
}

function everything({ pid }: ListProbesOptions): readonly string[] {
  if (pid !== undefined) return ['uprobe:*:*']
  throw new RefusedError(
    refuse('bad-pattern', "-l needs a process or a file: -p PID, or 'uprobe:/usr/bin/redis-server:*'"),
  )
}

const probeKinds = ['uprobe', 'uretprobe'] as const

interface Search {
  readonly kind: (typeof probeKinds)[number]
  readonly pattern: ProbePattern
}

/** A file alone stands for all of its functions. Those of which returns are wanted are listed as others are. */
function readSearch(search: string): Search {
  const functions = search.replace(/^(?:uretprobe|ur):/, 'uprobe:')
  const isFile = /^[./]/.test(search) && !search.includes(':')
  const pattern = parsePattern(isFile ? `uprobe:${search}:*` : functions)
  if (isRefusal(pattern)) throw new RefusedError(pattern)
  return { kind: functions === search ? 'uprobe' : 'uretprobe', pattern }
}

function functionsOf(
  patterns: readonly ProbePattern[],
  { pid }: ListProbesOptions,
  engine: Ring3,
  host: Host,
  listen: ListOptions,
): Promise<ListedFunction[]> {
  return pid === undefined
    ? inFiles(patterns, engine, host, listen)
    : listProcess(
        pid,
        patterns.map(({ text }) => text),
        engine,
        listen,
      )
}

async function inFiles(
  patterns: readonly ProbePattern[],
  engine: Ring3,
  host: Host,
  listen: ListOptions,
): Promise<ListedFunction[]> {
  const found: ListedFunction[] = []
  for (const pattern of patterns) {
    const symbol = pattern.kind === 'symbol' ? pattern.symbol : '*'
    found.push(...(await engine.listFile(pathOf(pattern.module, host), symbol, listen)))
  }
  return found
}

/** A name without a path is that of a program. */
function pathOf(module: string, host: Host): string {
  if (module.includes('/')) return module
  const folders = (host.environment['PATH'] ?? '').split(delimiter)
  const path = folders.map((folder) => join(folder, module)).find(isProgram)
  if (path !== undefined) return path
  throw new RefusedError(
    refuse(
      'file-unavailable',
      `there is no program ${module}: give its path, or list a process that has it with -p PID`,
    ),
  )
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not there, or not to be executed: no.
    return false
  }
}
