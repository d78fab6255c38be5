import type { EventBatch } from '../store/event-batch.js'

/** Events of a batch from one index up to another, which is not among them. */
export interface EventRun {
  readonly events: EventBatch
  readonly from: number
  readonly to: number
}

export function wholeRun(events: EventBatch): EventRun {
  return { events, from: 0, to: events.length }
}

export interface MergedEvents {
  /** In the order of their times; those of one ring in the ring's order. */
  readonly runs: readonly EventRun[]
  /** What is younger than wanted, in the order given. */
  readonly rest: readonly EventRun[]
}

/** Brings the events of several rings into one order, up to a time. Of two runs of one ring the first one given comes first. */
export function mergeEvents(given: readonly EventRun[], until: number): MergedEvents {
  const runs: EventRun[] = []
  const left = given.filter(({ from, to }) => from < to)
  for (;;) {
    const first = indexOfOldest(left)
    const run = left[first]
    if (run === undefined || firstTime(run) > until) return { runs, rest: left }
    const others = left.reduce((time, other, at) => (at === first ? time : Math.min(time, firstTime(other))), until)
    const to = endOfRun(run, others)
    runs.push({ ...run, to })
    if (to < run.to) left[first] = { ...run, from: to }
    else left.splice(first, 1)
  }
}

/** The first of those that are equally old. */
function indexOfOldest(runs: readonly EventRun[]): number {
  let [oldest, time] = [-1, Number.POSITIVE_INFINITY]
  for (const [at, run] of runs.entries()) {
    if (firstTime(run) < time) [oldest, time] = [at, firstTime(run)]
  }
  return oldest
}

function firstTime({ events, from }: EventRun): number {
  return events.timeAt(from)
}

/** The first event goes, and those behind it that are not younger than that. */
function endOfRun({ events, from, to }: EventRun, until: number): number {
  let end = from + 1
  while (end < to && events.timeAt(end) <= until) end++
  return end
}
