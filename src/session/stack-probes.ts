import { type StackCount, stackCounts } from '../record/stack-count.js'
import type { ScriptRun } from './script-run.js'
import type { Attached } from './session-types.js'

/** Distinct stacks that are kept. */
const MAX_STACKS = 65_536

/** The script that counts the stacks at some functions. */
export function stackScript(patterns: readonly string[]): string {
  const probes = patterns.map((pattern) => `uprobe:${pattern}`).join(', ')
  return `config = { max_map_keys = ${MAX_STACKS} }\n${probes} { @[ustack] = count() }\n`
}

/** Stacks of the threads that pass some functions, counted since the probes began to work. */
export class StackProbes {
  readonly attached: Attached | undefined
  #counts: readonly StackCount[] = []

  constructor(private readonly run: ScriptRun) {
    this.attached = run.attached
    run.on('record', (record) => {
      if (record.kind === 'map') this.#counts = stackCounts(record.map)
    })
  }

  /** The target has ended, or executes another program. */
  get isOver(): boolean {
    return this.run.over !== undefined
  }

  /** Takes the probes out. Also for a target that has ended. */
  async remove(): Promise<readonly StackCount[]> {
    await this.run.close()
    return this.#counts
  }
}
