import type { Refusal } from '../refusal/refusal.js'
import type { EndingSignal } from './host.js'

/** Every exit code with its meaning. docs/exit-codes.md and `ring3 --help` are generated from this table. */
export const exitCodes = {
  done: {
    code: 0,
    meaning:
      'Done. A count or a script also ends so by Ctrl-C, SIGTERM or SIGHUP, or when the target ends by itself. A script that calls exit(N) ends with N.',
  },
  failed: { code: 1, meaning: 'Refused or failed; the message says why, and what is left in the target, if anything.' },
  usage: { code: 2, meaning: 'The command line cannot be read: an option, an argument or a pattern.' },
  'no-target': {
    code: 3,
    meaning: 'The target is not there: no such process, or it ended or called exec before its probes worked.',
  },
  SIGHUP: { code: 129, meaning: 'SIGHUP came before the probes worked; the target is as it was found.' },
  SIGINT: { code: 130, meaning: 'Ctrl-C came before the probes worked; the target is as it was found.' },
  SIGTERM: { code: 143, meaning: 'SIGTERM came before the probes worked; the target is as it was found.' },
} as const satisfies Record<Ending | EndingSignal, { code: number; meaning: string }>

type Ending = 'done' | 'failed' | 'usage' | 'no-target'

/** How a command ended. */
export type Outcome = keyof typeof exitCodes

/** What a command came to: an outcome, or the exit code that a script has chosen. */
export type CommandResult = Outcome | { readonly exit: number }

/** The exit code of a result. */
export function codeOf(result: CommandResult): number {
  return typeof result === 'string' ? exitCodes[result].code : result.exit
}

/** The outcome that a refusal of the whole request stands for. */
export function outcomeOfRefusal({ code }: Refusal): Outcome {
  switch (code) {
    case 'bad-pattern':
      return 'usage'
    case 'no-such-process':
    case 'zombie':
    case 'target-gone':
      return 'no-target'
    default:
      return 'failed'
  }
}

/** The table as lines for `--help`. */
export function exitCodeLines(): string[] {
  return Object.values(exitCodes).map(({ code, meaning }) => `  ${code.toString().padEnd(4)} ${meaning}`)
}
