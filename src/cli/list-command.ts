import type { ListOptions, Ring3 } from '../session/api.js'
import type { ListedFunction } from '../session/session-types.js'
import { checkPatterns } from './check-patterns.js'
import { openDestination, type PrintOptions } from './destination.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'
import type { Messages } from './messages.js'

/** `ring3 list`: of a process with `pid`, else of the file that the first argument names. */
export interface ListCommandOptions extends PrintOptions {
  readonly pid?: number
}

/** Lists the functions that patterns name. */
export async function runList(
  args: readonly string[],
  options: ListCommandOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<Outcome> {
  const [file = '', ...globs] = args
  if (options.pid !== undefined) checkPatterns(args)
  using destination = openDestination(options, false, host)
  const listen: ListOptions = { onWarning: (sentence) => messages.warning(sentence) }
  const found =
    options.pid === undefined
      ? await listFile(file, globs, engine, listen)
      : await listProcess(options.pid, args.length === 0 ? ['*:*'] : args, engine, listen)
  destination.sink.write(destination.output.functions(withoutRepeats(found), destination.options))
  return 'done'
}

async function listFile(
  file: string,
  globs: readonly string[],
  engine: Ring3,
  listen: ListOptions,
): Promise<ListedFunction[]> {
  const found: ListedFunction[] = []
  for (const glob of globs.length === 0 ? ['*'] : globs) found.push(...(await engine.listFile(file, glob, listen)))
  return found
}

/** The functions of a process that patterns name, pattern by pattern. */
export async function listProcess(
  pid: number,
  patterns: readonly string[],
  engine: Ring3,
  listen: ListOptions,
): Promise<ListedFunction[]> {
  await using session = await engine.attach(pid, listen)
  const found: ListedFunction[] = []
  for (const pattern of patterns) found.push(...(await session.list(pattern)))
  return found
}

/** Patterns may overlap; each function is listed once, where it first appears. */
function withoutRepeats(functions: readonly ListedFunction[]): ListedFunction[] {
  return [...new Map(functions.map((found) => [`${found.module}:${found.fileOffset}:${found.symbol}`, found])).values()]
}
