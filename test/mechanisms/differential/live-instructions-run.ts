import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RefusedError } from '../../../src/session/api.js'
import { attach } from '../../../src/session/session.js'
import { disassembleCase } from '../../isa/differential/case-text.js'
import type { HeldRunner } from '../../isa/differential/held-runner.js'
import { type InstructionForm, instructionForms } from '../../isa/differential/instruction-forms.js'
import { NativeRunner } from '../../isa/differential/native-runner.js'
import type { Case } from '../../isa/differential/random-case.js'
import { randomCases } from '../../isa/differential/random-cases.js'
import type { Outcome, Run } from '../../isa/differential/run-record.js'
import { supportedForms } from '../../isa/differential/supported-forms.js'
import { cacheFolder } from '../../programs/checkout.js'
import { caseAddress, caseModule, caseName } from './case-module.js'
import { liveDifference } from './live-difference.js'
import type { LiveWay } from './live-way.js'

export interface LiveFinding {
  readonly seed: number
  readonly number: number
  readonly way: string
  readonly text: string
  readonly what: string
}

export interface LiveCount {
  /** Probed, and nothing differed. */
  same: number
  differs: number
  /** By code. */
  readonly refused: Record<string, number>
  /** A sentence for each code. */
  readonly because: Record<string, string>
}

export interface LiveReport {
  readonly seed: number
  /** Cases that were made, and that were left out because they end the runner, or never end. */
  cases: number
  leftOut: number
  readonly ways: Record<string, LiveCount>
  readonly findings: LiveFinding[]
}

export interface LiveRun {
  /** instruction-runner */
  readonly program: string
  readonly ways: readonly LiveWay[]
  readonly numbers: { readonly from: number; readonly to: number }
  readonly seed: number
  /** Cases that are probed at the same time. */
  readonly batch: number
}

const MODULE = 'cases'
const SIGALRM = 14
const MOST_FINDINGS = 50

/**
 * Executes random instructions of a running process without a probe, and with one on each through every way, and compares
 * what they did.
 */
export async function runLiveInstructions(
  { program, ways, numbers, seed, batch }: LiveRun,
  progress: (report: LiveReport) => void = () => {},
): Promise<LiveReport> {
  using runner = new NativeRunner(program, seed)
  const forms = supportedForms(runner, instructionForms().forms, seed)
  const report: LiveReport = { seed, cases: 0, leftOut: 0, ways: {}, findings: [] }
  for (let from = numbers.from; from < numbers.to; from += batch) {
    await runBatch(report, runner, ways, batchOf(forms, seed, from, Math.min(from + batch, numbers.to)))
    progress(report)
  }
  return report
}

/** A case stands at the same place whatever batch it is in. */
const PLACES = 1000

function batchOf(forms: readonly InstructionForm[], seed: number, from: number, to: number): Case[] {
  return randomCases(forms, seed, { from, to }, (number) => caseAddress(number % PLACES)).filter(isKnownCall)
}

/** A system call of an unknown number could block SIGTRAP: whoever probes by int3 refuses a target that has one. See trapping-instructions. */
function isKnownCall({ form }: Case): boolean {
  return !/^(Syscall|Int_imm8)/.test(form.name)
}

async function runBatch(
  report: LiveReport,
  runner: NativeRunner,
  ways: readonly LiveWay[],
  made: readonly Case[],
): Promise<void> {
  const folder = mkdtempSync(join(cacheFolder, 'live-instructions-'))
  try {
    const module = join(folder, `${MODULE}.so`)
    writeFileSync(module, caseModule(made))
    const first = runner.execute(made.map(liveRun), module)
    const cases = made.filter((_, index) => {
      const outcome = first[index]
      return outcome !== undefined && !('killedBy' in outcome) && outcome.signal !== SIGALRM
    })
    writeFileSync(module, caseModule(cases))
    report.cases += cases.length
    report.leftOut += made.length - cases.length
    for (const way of ways) await runWay(report, runner, way, cases, module)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function liveRun({ at, registers, flags, vectors }: Case): Run {
  return { start: at, registers, flags, code: new Uint8Array(0), vectors, traced: false }
}

async function runWay(
  report: LiveReport,
  runner: NativeRunner,
  way: LiveWay,
  cases: readonly Case[],
  module: string,
): Promise<void> {
  await using held = await runner.hold(cases.map(liveRun), module)
  const native = await held.executeAll()
  const probed = await executeProbed(held, way)
  report.ways[way.name] ??= { same: 0, differs: 0, refused: {}, because: {} }
  cases.forEach((subject, index) => {
    judge(report, way, subject, native[index], index <= probed.outcomes.length ? probed : undefined, index)
  })
}

interface ProbedRuns {
  readonly outcomes: readonly Outcome[]
  readonly refused: ReadonlyMap<string, { readonly code: string; readonly because: string }>
  readonly hits: ReadonlyMap<string, bigint>
}

async function executeProbed(held: HeldRunner, { options }: LiveWay): Promise<ProbedRuns> {
  await using session = await attach(held.pid, options)
  try {
    const probes = await session.count(`${MODULE}:case*`)
    const outcomes = await held.executeAll()
    const { counts } = await probes.remove()
    return { outcomes, refused: new Map(probes.attached.refused.map((each) => [each.site, each])), hits: counts }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return { outcomes: [], refused: new Map([['', error.refusal]]), hits: new Map() }
  }
}

function judge(
  report: LiveReport,
  way: LiveWay,
  subject: Case,
  native: Outcome | undefined,
  probed: ProbedRuns | undefined,
  index: number,
): void {
  const counts = report.ways[way.name]
  if (counts === undefined || native === undefined || probed === undefined) return
  const key = `${MODULE}:${caseName(subject)}`
  const refusal = probed.refused.get('') ?? probed.refused.get(key)
  const code = refusal?.code ?? way.unsuited(subject)
  if (code !== undefined) {
    counts.refused[code] = (counts.refused[code] ?? 0) + 1
    if (refusal !== undefined) counts.because[code] ??= refusal.because
    return
  }
  const what = difference(way, subject, native, probed.outcomes[index], probed.hits.get(key) ?? 0n)
  if (what === undefined) counts.same++
  else {
    counts.differs++
    const finding = { seed: report.seed, number: subject.number, way: way.name, text: disassembleCase(subject), what }
    if (report.findings.length < MOST_FINDINGS) report.findings.push(finding)
  }
}

function difference(
  way: LiveWay,
  subject: Case,
  native: Outcome,
  probed: Outcome | undefined,
  hits: bigint,
): string | undefined {
  if (probed === undefined) return 'the runner died'
  return liveDifference(way, subject, native, probed) ?? (hits === 1n ? undefined : `it was counted ${hits} times`)
}
