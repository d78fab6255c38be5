import { type StackCount, stackCounts } from '../record/stack-count.js'
import { refuse } from '../refusal/refusal.js'
import { RefusedError, type StackProbes } from './api.js'
import { probeList } from './probe-list.js'
import { ScriptError } from './script-error.js'
import type { ScriptRun } from './script-run.js'
import type { Attached } from './session-types.js'

/** Distinct stacks that are kept. */
const MAX_STACKS = 65_536

/** The script that counts the stacks at some functions. */
export function stackScript(patterns: readonly string[]): string {
  return `config = { max_map_keys = ${MAX_STACKS} }\n${probeList('uprobe', patterns)} { @[ustack] = count() }\n`
}

/** What is said about a script that the user has not written: only what it says about the patterns. */
export function asRefusal(error: unknown): unknown {
  if (!(error instanceof ScriptError)) return error
  return new RefusedError(refuse('no-match', error.diagnostics.map(({ message }) => message).join('; ')))
}

/** The script at work. */
export class ScriptedStacks implements StackProbes {
  readonly attached: Attached | undefined
  readonly warnings: string[] = []
  #counts: readonly StackCount[] = []

  constructor(private readonly run: ScriptRun) {
    this.attached = run.attached
    run.on('warning', (text) => this.warnings.push(text))
    run.once('over', ({ message }) => {
      if (message !== '') this.warnings.push(message)
    })
    run.on('record', (record) => {
      if (record.kind === 'map') this.#counts = stackCounts(record.map)
    })
  }

  get isOver(): boolean {
    return this.run.over !== undefined
  }

  async remove(): Promise<readonly StackCount[]> {
    await this.run.close()
    return this.#counts
  }
}
