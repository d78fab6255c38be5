import { parseListedSymbol } from '../test/runtime/count-report.js'
import { ring3 } from '../test/runtime/ring3-cli.js'

/** The symbols that a module offers in a running process. */
export async function listSymbols(pid: number, module: string): Promise<readonly string[]> {
  const run = await ring3(['list', '-p', String(pid), '-f', 'json', `${module}:*`], { timeoutMs: 120_000 })
  if (run.code !== 0) throw new Error(`ring3 list ended with ${run.code}: ${run.stderr}`)
  return run.stdout.split('\n').filter(Boolean).map(parseListedSymbol)
}

const prefixLength = 4

/**
 * Globs that match about `wanted` symbols between them: what a user types is a glob, not a thousand names. Common beginnings are
 * taken first, largest first, as long as they fit.
 */
export function chooseGlobs(symbols: readonly string[], module: string, wanted: number): readonly string[] {
  const sizes = new Map<string, number>()
  for (const symbol of symbols) {
    const prefix = symbol.slice(0, prefixLength)
    if (/^\w{4}$/.test(prefix)) sizes.set(prefix, (sizes.get(prefix) ?? 0) + 1)
  }
  let left = wanted
  const globs: string[] = []
  for (const [prefix, size] of [...sizes].sort(([, a], [, b]) => b - a)) {
    if (size > left) continue
    left -= size
    globs.push(`${module}:${prefix}*`)
  }
  return globs
}
