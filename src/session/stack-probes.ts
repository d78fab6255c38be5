import { type StackCount, stackCounts } from '../record/stack-count.js'
import type { StackProbes } from './api.js'
import type { ScriptRun } from './script-run.js'
import type { Attached } from './session-types.js'

/** Distinct stacks that are kept. */
const MAX_STACKS = 65_536

/** The script that counts the stacks at some functions. */
export function stackScript(patterns: readonly string[]): string {
  const probes = patterns.map((pattern) => `uprobe:${pattern}`).join(', ')
  return `config = { max_map_keys = ${MAX_STACKS} }\n${probes} { @[ustack] = count() }\n`
}

/** The script at work. */
export class ScriptedStacks implements StackProbes {
  readonly attached: Attached | undefined
  #counts: readonly StackCount[] = []

  constructor(private readonly run: ScriptRun) {
    this.attached = run.attached
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
