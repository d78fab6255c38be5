import { disassembleCase } from './case-text.js'
import { emulatedWay } from './emulated-way.js'
import { instructionForms, type LeftOut } from './instruction-forms.js'
import { CODE_AT, FAR_PLACE, NEAR_PLACE } from './machine-memory.js'
import { NativeRunner } from './native-runner.js'
import type { Case } from './random-case.js'
import { randomCases } from './random-cases.js'
import { relocatedWay } from './relocated-way.js'
import { scrambledWay } from './scrambled-way.js'
import { supportedForms } from './supported-forms.js'
import { type Executed, nativeRun, type Way } from './way.js'

/** Every way of executing an instruction that is compared with the processor in place. */
export const ways: readonly Way[] = [
  relocatedWay('relocated near', NEAR_PLACE),
  relocatedWay('relocated far', FAR_PLACE),
  emulatedWay,
  scrambledWay,
]

export interface Finding {
  readonly seed: number
  readonly number: number
  readonly way: string
  readonly text: string
  readonly what: string
}

export interface WayCount {
  same: number
  differs: number
  notServed: Record<string, number>
}

export interface RandomInstructionsReport {
  readonly seed: number
  cases: number
  readonly forms: { readonly run: number; readonly unsupported: number; readonly leftOut: Record<string, number> }
  /** By how the reference ended: a signal, or the next instruction. */
  readonly endings: Record<string, number>
  readonly ways: Record<string, WayCount>
  readonly findings: Finding[]
}

const BATCH = 1000
const SIGTRAP = 5
/** Findings beyond these are only counted. */
const MOST_FINDINGS = 50

/** Executes the random cases with these numbers in all ways, and says how far it is after every batch. */
export function runRandomInstructions(
  program: string,
  numbers: { readonly from: number; readonly to: number },
  seed: number,
  progress: (report: RandomInstructionsReport) => void = () => {},
): RandomInstructionsReport {
  using runner = new NativeRunner(program, seed)
  const { forms, leftOut } = instructionForms()
  const supported = supportedForms(runner, forms, seed)
  const report: RandomInstructionsReport = {
    seed,
    cases: 0,
    forms: { run: supported.length, unsupported: forms.length - supported.length, leftOut: countReasons(leftOut) },
    endings: {},
    ways: {},
    findings: [],
  }
  for (let from = numbers.from; from < numbers.to; from += BATCH) {
    const to = Math.min(from + BATCH, numbers.to)
    runBatch(
      report,
      runner,
      randomCases(supported, seed, { from, to }, () => CODE_AT),
    )
    progress(report)
  }
  return report
}

function countReasons(leftOut: readonly LeftOut[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { because } of leftOut) counts[because] = (counts[because] ?? 0) + 1
  return counts
}

function runBatch(report: RandomInstructionsReport, runner: NativeRunner, cases: readonly Case[]): void {
  const executed: Executed[] = []
  runner.execute(cases.map(nativeRun)).forEach((native, index) => {
    const subject = cases[index]
    if (subject === undefined) return
    report.cases++
    const ending =
      'killedBy' in native ? 'killed the runner' : native.signal === SIGTRAP ? 'ran' : `signal ${native.signal}`
    report.endings[ending] = (report.endings[ending] ?? 0) + 1
    if (!('killedBy' in native)) executed.push({ subject, native })
  })
  for (const way of ways) countVerdicts(report, way, executed, runner)
}

function countVerdicts(
  report: RandomInstructionsReport,
  way: Way,
  executed: readonly Executed[],
  runner: NativeRunner,
): void {
  const counts = report.ways[way.name] ?? { same: 0, differs: 0, notServed: {} }
  report.ways[way.name] = counts
  way.compare(executed, runner).forEach((verdict, index) => {
    if (verdict.kind === 'same') counts.same++
    else if (verdict.kind === 'not-served') {
      counts.notServed[verdict.because] = (counts.notServed[verdict.because] ?? 0) + 1
    } else {
      counts.differs++
      const subject = executed[index]?.subject
      if (subject === undefined || report.findings.length >= MOST_FINDINGS) return
      const { seed } = report
      report.findings.push({
        seed,
        number: subject.number,
        way: way.name,
        text: disassembleCase(subject),
        what: verdict.what,
      })
    }
  })
}
