import type { Command } from 'commander'
import { settingNames } from '../lang/analysis/read-config.js'
import { refuse } from '../refusal/refusal.js'
import { RefusedError } from '../session/api.js'
import { nearestNames } from '../symbols/nearest-names.js'
import type { Host } from './host.js'
import type { GivenScript } from './run-command.js'

/** Where the script is. */
export interface ScriptOptions {
  readonly evaluate?: string
  readonly list?: boolean
  readonly unsafe?: boolean
}

/** The script of the command line, of a file or of standard input. Undefined: what should be a file is a command mistyped. */
export function readScript(args: readonly string[], options: ScriptOptions, host: Host): GivenScript | undefined {
  const { evaluate, unsafe = false } = options
  const [file = '', ...rest] = args
  const settings = settingsOf(host.environment)
  if (evaluate !== undefined) return { text: evaluate, options: { name: 'stdin', parameters: args, unsafe, settings } }
  const name = file === '-' ? 'stdin' : file
  const text = readFile(file, host)
  return text === undefined ? undefined : { text, options: { name, parameters: rest, unsafe, settings } }
}

function readFile(file: string, host: Host): string | undefined {
  try {
    return host.readText(file)
  } catch (error) {
    if (/^[a-z]+$/.test(file)) return undefined
    throw new RefusedError(refuse('file-unavailable', unreadable(file, error)))
  }
}

function unreadable(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return `there is no file ${file}`
  if (code === 'EISDIR') return `${file} is a directory`
  return `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`
}

/** `RING3_MAX_STRLEN` and its like. */
function settingsOf(environment: Host['environment']): Record<string, string> {
  const given = settingNames.map((name) => [name, environment[`RING3_${name.toUpperCase()}`]] as const)
  return Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** In commander's words. */
export function unknownCommand([name = '']: readonly string[], program: Command): string {
  const commands = program.commands.map((command) => command.name()).filter((each) => each !== 'run')
  const [near] = [...commands.filter((each) => sorted(each) === sorted(name)), ...nearestNames(name, commands, 1)]
  return `error: unknown command '${name}'${near === undefined ? '' : `\n(Did you mean ${near}?)`}`
}

/** Letters that have changed places are the commonest mistake. */
function sorted(name: string): string {
  return [...name].sort().join('')
}
