import { setTimeout as sleep } from 'node:timers/promises'
import type { Load, LoadResult } from './workload.js'

const notesKept = 10

/** Collects what happens to the requests of one load. */
export class LoadTally {
  #requests = 0
  #failures = 0
  #wrongAnswers = 0
  readonly #notes: string[] = []

  #note(text: string): void {
    if (this.#notes.length < notesKept) this.#notes.push(text)
  }

  answered(requests = 1): void {
    this.#requests += requests
  }

  failed(note: string, requests = 1): void {
    this.#failures += requests
    this.#note(note)
  }

  wrong(note: string): void {
    this.#wrongAnswers += 1
    this.#note(note)
  }

  result(): LoadResult {
    return {
      requests: this.#requests,
      failures: this.#failures,
      wrongAnswers: this.#wrongAnswers,
      notes: this.#notes,
    }
  }
}

/** One request, or one burst of a load generator. A rejection counts as one failure. */
export type Activity = (tally: LoadTally) => Promise<void>

/** Repeats every activity, each on its own, until the load is finished. */
export function startLoad(activities: readonly Activity[]): Load {
  const tally = new LoadTally()
  let goOn = true
  const repeat = async (activity: Activity): Promise<void> => {
    while (goOn) {
      try {
        await activity(tally)
      } catch (error) {
        tally.failed(error instanceof Error ? error.message : String(error))
        await sleep(50) // a dead server must not turn this into a busy loop
      }
    }
  }
  const running = activities.map(repeat)
  return {
    async finish(): Promise<LoadResult> {
      goOn = false
      await Promise.all(running)
      return tally.result()
    },
  }
}
