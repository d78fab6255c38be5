import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../programs/checkout.js'
import { PseudoRandom } from '../../robustness/pseudo-random.js'
import { initialMemory } from './machine-memory.js'
import { decodeResult, encodeRun, type Outcome, RESULT_SIZE, RUN_SIZE, type Run } from './run-record.js'
import { vectorStates } from './vector-states.js'

/** What a run answers that took the runner with it. */
export interface Killed {
  readonly killedBy: string
}

/** instruction-runner.c with its files. The content of memory and vector states depends on the seed. */
export class NativeRunner {
  readonly memory: Buffer
  readonly #folder: string
  readonly #program: string

  constructor(program: string, seed: number) {
    mkdirSync(cacheFolder, { recursive: true })
    this.#program = program
    this.#folder = mkdtempSync(join(cacheFolder, 'instruction-runs-'))
    const random = new PseudoRandom(seed)
    this.memory = initialMemory(random)
    writeFileSync(this.#file('memory'), this.memory)
    writeFileSync(this.#file('vectors'), vectorStates(random))
  }

  /** Executes runs in order; one that kills the runner is isolated, and the others go on in another. */
  execute(runs: readonly Run[]): (Outcome | Killed)[] {
    const records = Buffer.alloc(runs.length * RUN_SIZE)
    runs.forEach((run, index) => {
      encodeRun(run, records, index * RUN_SIZE)
    })
    writeFileSync(this.#file('runs'), records)
    writeFileSync(this.#file('results'), '')
    truncateSync(this.#file('results'), runs.length * RESULT_SIZE)
    const outcomes: (Outcome | Killed)[] = []
    while (outcomes.length < runs.length) {
      const ended = this.#startAt(outcomes.length)
      const results = readFileSync(this.#file('results'))
      while (outcomes.length < runs.length) {
        const outcome = decodeResult(results, outcomes.length * RESULT_SIZE)
        outcomes.push(outcome ?? { killedBy: ended })
        if (outcome === undefined) break
      }
    }
    return outcomes
  }

  #startAt(first: number): string {
    const files = ['memory', 'vectors', 'runs', 'results'].map((name) => this.#file(name))
    const { status, signal, error } = spawnSync(this.#program, [...files, String(first)], { timeout: 60_000 })
    return error?.message ?? signal ?? `exit code ${status}`
  }

  #file(name: string): string {
    return join(this.#folder, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
