import { PseudoRandom } from '../../robustness/pseudo-random.js'
import { disassembleCase } from './case-text.js'
import { emulatedWay } from './emulated-way.js'
import { type InstructionForm, instructionForms, type LeftOut } from './instruction-forms.js'
import { FAR_PLACE, NEAR_PLACE } from './machine-memory.js'
import { NativeRunner } from './native-runner.js'
import { type Case, randomCase } from './random-case.js'
import { relocatedWay } from './relocated-way.js'
import { scrambledWay } from './scrambled-way.js'
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
const SIGILL = 4
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
  const supported = forms.filter(supportedBy(runner, forms, seed))
  const report: RandomInstructionsReport = {
    seed,
    cases: 0,
    forms: { run: supported.length, unsupported: forms.length - supported.length, leftOut: countReasons(leftOut) },
    endings: {},
    ways: {},
    findings: [],
  }
  for (let from = numbers.from; from < numbers.to; from += BATCH) {
    runBatch(report, runner, casesOf(supported, seed, from, Math.min(from + BATCH, numbers.to)))
    progress(report)
  }
  return report
}

function countReasons(leftOut: readonly LeftOut[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { because } of leftOut) counts[because] = (counts[because] ?? 0) + 1
  return counts
}

/** A case depends on the seed and its number only, so that it can be made again alone. */
function casesOf(forms: readonly InstructionForm[], seed: number, from: number, to: number): Case[] {
  const cases: Case[] = []
  const choices = [forms, forms.filter(isCommon), forms.filter(isMovedInItsOwnWay)]
  for (let number = from; number < to; number++) {
    const random = new PseudoRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
    const form = random.pick(random.pick(choices))
    const made = randomCase(form, number, random)
    if (made !== undefined) cases.push(made)
  }
  return cases
}

/** What programs are made of, and what is emulated. */
function isCommon({ name }: InstructionForm): boolean {
  return /^(Mov|Lea|Push|Pop|Call|J|Loop|Ret|Leave|Add|Sub|And|Or|Xor|Cmp|Test|Inc|Dec|Neg|Not|Set|Cmov|Xchg|Nop|Endbr|C[bwdq][wdqeo])/.test(
    name,
  )
}

/** Branches, and what uses the stack. */
function isMovedInItsOwnWay({ name }: InstructionForm): boolean {
  return /^(Push|Pop|Call_r|J(?!mp_m)|Loop|Retn|Leave|Enter|Syscall)/.test(name)
}

const PROBES = 10

/** Forms of which not every example is an illegal instruction: asked of the processor. */
function supportedBy(
  runner: NativeRunner,
  forms: readonly InstructionForm[],
  seed: number,
): (form: InstructionForm) => boolean {
  const examples: Case[] = []
  for (const [index, form] of forms.entries()) {
    for (let example = 0; example < PROBES; example++) {
      const random = new PseudoRandom(seed * 31 + index * PROBES + example)
      const made = randomCase(form, index, random)
      if (made !== undefined) examples.push(made)
    }
  }
  const supported = new Set<InstructionForm>()
  for (let from = 0; from < examples.length; from += BATCH) {
    const batch = examples.slice(from, from + BATCH)
    runner.execute(batch.map(nativeRun)).forEach((outcome, index) => {
      const form = batch[index]?.form
      if (form !== undefined && !('killedBy' in outcome) && outcome.signal !== SIGILL) supported.add(form)
    })
  }
  return (form) => supported.has(form)
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
