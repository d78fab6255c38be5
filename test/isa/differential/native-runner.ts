import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../programs/checkout.js'
import { startTarget } from '../../programs/start-target.js'
import { PseudoRandom } from '../../robustness/pseudo-random.js'
import { HeldRunner } from './held-runner.js'
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
  execute(runs: readonly Run[], module?: string): (Outcome | Killed)[] {
    this.#write(runs)
    const outcomes: (Outcome | Killed)[] = []
    while (outcomes.length < runs.length) {
      const ended = this.#startAt(outcomes.length, module)
      const before = outcomes.length
      outcomes.push(...this.#outcomes(before, runs.length))
      if (outcomes.length < runs.length) outcomes.push({ killedBy: ended })
    }
    return outcomes
  }

  /** Starts a runner that executes these runs, in the code of the module, whenever it is asked to. */
  async hold(runs: readonly Run[], module: string): Promise<HeldRunner> {
    this.#write(runs)
    const target = await startTarget(this.#program, [...this.#files(), '0', module, 'held'])
    return new HeldRunner(target, () => this.#outcomes(0, runs.length))
  }

  #write(runs: readonly Run[]): void {
    const records = Buffer.alloc(runs.length * RUN_SIZE)
    runs.forEach((run, index) => {
      encodeRun(run, records, index * RUN_SIZE)
    })
    writeFileSync(this.#file('runs'), records)
    writeFileSync(this.#file('results'), '')
    truncateSync(this.#file('results'), runs.length * RESULT_SIZE)
  }

  /** Those that are done. */
  #outcomes(from: number, to: number): Outcome[] {
    const results = readFileSync(this.#file('results'))
    const outcomes: Outcome[] = []
    for (let at = from; at < to; at++) {
      const outcome = decodeResult(results, at * RESULT_SIZE)
      if (outcome === undefined) break
      outcomes.push(outcome)
    }
    return outcomes
  }

  #startAt(first: number, module: string | undefined): string {
    const args = [...this.#files(), String(first), ...(module === undefined ? [] : [module])]
    const { status, signal, error } = spawnSync(this.#program, args, { timeout: 60_000 })
    return error?.message ?? signal ?? `exit code ${status}`
  }

  #files(): string[] {
    return ['memory', 'vectors', 'runs', 'results'].map((name) => this.#file(name))
  }

  #file(name: string): string {
    return join(this.#folder, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
