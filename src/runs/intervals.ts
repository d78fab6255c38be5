/** Something that is to be done again and again. */
export interface Interval {
  readonly periodNs: bigint
  fire(): void
}

/** More than this is not made good: a program that is always late would do nothing else. */
const MAX_LATE = 1000

/** The longest time that a timer of Node can wait. */
const MAX_WAIT_MS = 2_147_483_647

/** Fires intervals on time by the monotonic clock; those that timers are too coarse for are made good. */
export class Intervals {
  readonly #timers = new Set<NodeJS.Timeout>()
  #isStopped = false

  start(intervals: readonly Interval[]): void {
    for (const interval of intervals) this.#schedule(interval, process.hrtime.bigint() + interval.periodNs)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #schedule(interval: Interval, dueNs: bigint): void {
    if (this.#isStopped) return
    const waitMs = Number(dueNs - process.hrtime.bigint()) / 1e6
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        const nextNs = this.#catchUp(interval, dueNs)
        this.#schedule(interval, nextNs)
      },
      Math.min(MAX_WAIT_MS, Math.max(1, waitMs)),
    )
    this.#timers.add(timer)
  }

  /** @returns when the interval is due next. */
  #catchUp({ periodNs, fire }: Interval, dueNs: bigint): bigint {
    const now = process.hrtime.bigint()
    if (now < dueNs) return dueNs
    const times = Number((now - dueNs) / periodNs) + 1
    for (let time = 0; time < Math.min(times, MAX_LATE); time++) fire()
    return dueNs + BigInt(times) * periodNs
  }
}
