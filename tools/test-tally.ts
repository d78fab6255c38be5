/** What the events of `node:test` carry that a tally needs. */
export interface TestReport {
  readonly name: string
  readonly file?: string | undefined
  readonly skip?: string | boolean | undefined
  readonly todo?: string | boolean | undefined
  readonly details: {
    readonly type?: string | undefined
    readonly error?: Error | undefined
  }
}

/** A test that did not simply pass. */
export interface Remark {
  readonly name: string
  readonly file: string
  readonly text: string
}

/** Counts tests. Suites are no tests, and a test that failed only because a part of it did is counted once, as that part. */
export class TestTally {
  passed = 0
  readonly failed: Remark[] = []
  readonly skipped: Remark[] = []

  pass(report: TestReport): void {
    if (report.details.type === 'suite') return
    if (isSet(report.skip) || isSet(report.todo)) this.#skip(report)
    else this.passed++
  }

  fail(report: TestReport): void {
    const error = report.details.error
    if (isSet(report.todo)) this.#skip(report)
    else if (!isConsequence(error)) this.failed.push(remark(report, failureText(error)))
  }

  /** The line that everything ends with. */
  summary(): string {
    return `${this.passed} passed, ${this.failed.length} failed, ${this.skipped.length} skipped`
  }

  /** Nothing failed, and something ran. */
  get isGood(): boolean {
    return this.failed.length === 0 && this.passed > 0
  }

  #skip(report: TestReport): void {
    const reason =
      typeof report.skip === 'string' ? report.skip : report.todo === undefined ? 'no reason given' : 'to do'
    this.skipped.push(remark(report, reason))
  }
}

function isSet(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false
}

/** True for a parent whose subtests failed: they are counted themselves. */
function isConsequence(error: Error | undefined): boolean {
  return error !== undefined && 'failureType' in error && error.failureType === 'subtestsFailed'
}

function failureText(error: Error | undefined): string {
  const cause = error?.cause instanceof Error ? error.cause : error
  return cause?.stack ?? cause?.message ?? 'failed without an error'
}

function remark({ name, file }: TestReport, text: string): Remark {
  return { name, file: file ?? '', text }
}
