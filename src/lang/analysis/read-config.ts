import type { ProgramConfig } from '../../ir/program.js'
import type { Diagnostics } from '../diagnostic.js'
import { didYouMean } from '../did-you-mean.js'
import type { ConfigEntry } from '../syntax/ast.js'

/** bpftrace's defaults. */
const defaultConfig: ProgramConfig = {
  maxMapKeys: 4096,
  maxStringLength: 1024,
  maxCatBytes: 10240,
  stringTrailer: '..',
  printMapsOnExit: true,
  missingProbes: 'error',
  maxLoopTurns: 1_000_000,
  ringPages: 256,
}

type Setting = (value: string | bigint) => Partial<ProgramConfig> | string

const settings: Readonly<Record<string, Setting>> = {
  max_map_keys: count((maxMapKeys) => ({ maxMapKeys })),
  max_strlen: count((maxStringLength) => ({ maxStringLength })),
  max_cat_bytes: count((maxCatBytes) => ({ maxCatBytes })),
  max_loop_turns: count((maxLoopTurns) => ({ maxLoopTurns })),
  perf_rb_pages: ringPages,
  str_trunc_trailer: (value) => ({ stringTrailer: String(value) }),
  print_maps_on_exit: (value) => flag(value, (printMapsOnExit) => ({ printMapsOnExit })),
  missing_probes: (value) =>
    value === 'error' || value === 'warn' || value === 'ignore'
      ? { missingProbes: value }
      : `missing_probes is error, warn or ignore, not ${value}`,
}

/** Names of the settings, in lower case. */
export const settingNames: readonly string[] = Object.keys(settings)

/** Settings of bpftrace that say how BPF is used, which is nothing to us. */
const meaningless = new Set(
  'cache_user_symbols cpp_demangle lazy_symbolication license log_size max_bpf_progs max_probes on_stack_limit show_debug_info stack_mode unstable_map_decl unstable_tseries unstable_addr unstable_macro unstable_import'.split(
    ' ',
  ),
)

/** The configuration of a script. Settings of the environment (`given`, lower-case names) go before those of the script. */
export function readConfig(
  entries: readonly ConfigEntry[],
  given: ReadonlyMap<string, string>,
  diagnostics: Diagnostics,
): ProgramConfig {
  let config = defaultConfig
  for (const { name, value, span } of entries) {
    const applied = applySetting(name, value)
    if (typeof applied === 'string') diagnostics.error(span, applied)
    else config = { ...config, ...applied }
  }
  for (const [name, value] of given) {
    const applied = applySetting(name, /^\d+$/.test(value) ? BigInt(value) : value)
    if (typeof applied === 'string') diagnostics.error({ start: 0, end: 0 }, `in the environment: ${applied}`)
    else config = { ...config, ...applied }
  }
  return config
}

/** `RING3_MAX_STRLEN`, `BPFTRACE_MAX_STRLEN`, `MAX_STRLEN` and `max_strlen` are the same. */
function applySetting(name: string, value: string | bigint): Partial<ProgramConfig> | string {
  const plain = name.toLowerCase().replace(/^(?:bpftrace|ring3)_/, '')
  if (meaningless.has(plain)) return {}
  const setting = Object.hasOwn(settings, plain) ? settings[plain] : undefined
  return setting?.(value) ?? `Unrecognized config variable: ${name}${didYouMean(plain, Object.keys(settings))}`
}

/** Larger ones would not fit into a target's memory beside the program. */
const MAX_COUNT = 1n << 24n

function count(apply: (value: number) => Partial<ProgramConfig>): Setting {
  return (value) =>
    typeof value === 'bigint' && value >= 1n && value <= MAX_COUNT
      ? apply(Number(value))
      : `${value} is no number from 1 to ${MAX_COUNT}`
}

/** A ring of all of them must still be a small part of the address space. */
const MAX_RING_PAGES = 1n << 15n

function ringPages(value: string | bigint): Partial<ProgramConfig> | string {
  const isFit = typeof value === 'bigint' && value >= 1n && value <= MAX_RING_PAGES && (value & (value - 1n)) === 0n
  return isFit ? { ringPages: Number(value) } : `${value} is no power of two from 1 to ${MAX_RING_PAGES}`
}

function flag(value: string | bigint, apply: (on: boolean) => Partial<ProgramConfig>): Partial<ProgramConfig> | string {
  const text = String(value)
  if (text === '1' || text === 'true') return apply(true)
  return text === '0' || text === 'false' ? apply(false) : `${text} is neither true nor false`
}
