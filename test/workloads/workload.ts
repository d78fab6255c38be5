export interface LoadResult {
  readonly requests: number
  /** Requests without an answer, with an error, or over a connection that broke. */
  readonly failures: number
  /** Answers that came but were not the right ones. */
  readonly wrongAnswers: number
  /** What went wrong, in words; the first few. */
  readonly notes: readonly string[]
}

export interface Load {
  /** Ends the load after the requests under way, and says how it went. */
  finish(): Promise<LoadResult>
}

/** A real server on loopback, with a temporary data folder. */
export interface RunningWorkload extends AsyncDisposable {
  readonly name: string
  /** The processes worth probing, the busiest first. */
  readonly pids: readonly number[]
  /** File name of the executable, as in patterns. */
  readonly mainBinary: string
  startLoad(): Load
  /** Complaints of the server itself since it started: its log, its error counters. */
  complaints(): Promise<readonly string[]>
  stop(): Promise<void>
}

export interface Workload {
  readonly name: string
  /** Says what is not installed, if anything. */
  missing(): string | undefined
  start(): Promise<RunningWorkload>
}
