import { assert } from '../bytes/assert.js'
import type { InstalledProbes, ProbePlan } from '../probe/mechanism.js'
import type { PatchStyle } from '../probe/patch-style.js'
import type { ModuleSites, RefusedSite } from '../probe/site.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { untilPlaced } from '../target/area.js'
import { type InstallResult, install, type TablePublisher } from '../target/install.js'
import { editSetOf } from '../target/installation.js'
import { thisProcess } from '../target/owner.js'
import { listThreads } from '../target/process-state.js'
import { settleFrame } from '../target/settle-frame.js'
import type { ResidentSignals } from '../target/signals/resident-signals.js'
import type { TargetProcess } from '../target/target-process.js'
import { uninstall } from '../target/uninstall.js'
import { counterForms, type FormChoice, paddingForm } from './counter-forms.js'
import { CounterReader } from './counter-reader.js'
import { type CounterData, counterWork } from './counter-work.js'
import { explainerOf } from './explain-site.js'
import type { Host } from './host.js'
import { planTrampolines, type TrampolinePlan } from './plan-trampolines.js'
import { windowStart } from './style-sites.js'

/** Counting in the target: a trampoline for every site, reached in the way that the style writes there. */
export function planCounting(host: Host, style: PatchStyle, modules: readonly ModuleSites[]): ProbePlan | Refusal {
  const [cheapest] = formsFor(host, modules)
  assert(cheapest !== undefined, 'there is a form of counter for every processor')
  const plan = planWith(host, { style, modules }, cheapest)
  if (isRefusal(plan)) return plan
  const forget = host.planned.keep(plan)
  return {
    served: plan.served.map(({ site }) => site),
    refused: plan.refused,
    explain: explainerOf(plan, host.arch),
    install: () => installCounters(host, { style, modules }, plan, forget),
  }
}

function formsFor({ target, processor }: Host, modules: readonly ModuleSites[]): readonly FormChoice[] {
  const sites = modules.reduce((sum, module) => sum + module.sites.length, 0)
  return counterForms(processor, listThreads(target.door, target.pid).length, sites)
}

function planWith(
  { target, arch, planned }: Host,
  { style, modules }: Wanted,
  { form, blocks, backing }: FormChoice,
): TrampolinePlan<CounterData> | Refusal {
  const owner = thisProcess(target.door)
  return planTrampolines(modules, {
    arch,
    styles: [style],
    work: counterWork(form, blocks),
    spareBytes: 0,
    spareTraps: [],
    backing,
    maps: planned.mapsOf(target),
    entry: target.entry,
    owner,
  })
}

function installCounters(
  host: Host,
  wanted: Wanted,
  plan: TrampolinePlan<CounterData>,
  forget: () => void,
): InstalledProbes | Refusal {
  const signals = wanted.style.bySignal ? host.signals.acquire() : undefined
  forget()
  if (signals === undefined) return installAnyForm(host, wanted, plan, undefined)
  return isRefusal(signals) ? signals : withSignals(signals, () => installAnyForm(host, wanted, plan, signals))
}

/** Gives the signals back when the work fails; what of them is left is named in the refusal. */
export function withSignals<T>(signals: ResidentSignals, work: () => T | Refusal): T | Refusal {
  try {
    const result = work()
    if (!isRefusal(result)) return result
    const { remaining } = signals.remove()
    return remaining.length === 0 ? result : refuse(result.code, [result.because, ...remaining].join('; '))
  } catch (error) {
    signals.remove()
    throw error
  }
}

/** What is to be installed. */
interface Wanted {
  readonly style: PatchStyle
  readonly modules: readonly ModuleSites[]
}

function installAnyForm(
  host: Host,
  wanted: Wanted,
  plan: TrampolinePlan<CounterData>,
  signals: ResidentSignals | undefined,
): InstalledProbes | Refusal {
  let ready: TrampolinePlan<CounterData> | undefined = plan
  let last: Refusal | undefined
  for (const choice of formsFor(host, wanted.modules)) {
    const made = installWith(host, wanted, choice, signals, ready)
    ready = undefined
    if (!isRefusal(made)) return made
    if (made.code === 'seccomp' && signals === undefined) return installInPadding(host, wanted, plan)
    if (made.code !== 'no-thread-pointer') return made
    last = made
  }
  assert(last !== undefined, 'there is a form of counter for every processor')
  return refuse('no-counter-form', last.because)
}

/** Padding has room for few: the others are left out. */
function installInPadding(host: Host, wanted: Wanted, before: TrampolinePlan<CounterData>): InstalledProbes | Refusal {
  const plan = planWith(host, wanted, paddingForm)
  if (isRefusal(plan)) return plan
  const made = installWith(host, wanted, paddingForm, undefined, plan)
  if (isRefusal(made)) return made
  const served = new Set(before.served.map(({ site }) => site))
  return { ...made, leftOut: [...made.leftOut, ...plan.refused.filter(({ site }) => served.has(site))] }
}

function installWith(
  host: Host,
  wanted: Wanted,
  choice: FormChoice,
  signals: ResidentSignals | undefined,
  ready?: TrampolinePlan<CounterData>,
): InstalledProbes | Refusal {
  return untilPlaced(
    () => planWith(host, wanted, choice),
    (plan) => installPlan(host, plan, choice, signals),
    ready,
  )
}

function installPlan(
  { target }: Host,
  plan: TrampolinePlan<CounterData>,
  { form }: FormChoice,
  signals: ResidentSignals | undefined,
): InstalledProbes | Refusal {
  const check = { threadPointers: form.name === 'per-thread' }
  const tables = signals?.publisherOf(...plan.tables)
  const result = install(target, plan.areas, plan.hits?.image, check, tables)
  return isRefusal(result) ? result : installed(target, plan, result, tables, signals)
}

function installed(
  target: TargetProcess,
  plan: TrampolinePlan<CounterData>,
  result: InstallResult,
  tables: TablePublisher | undefined,
  signals: ResidentSignals | undefined,
): InstalledProbes {
  const { hits } = plan
  assert(hits !== undefined, 'counting was planned')
  const { form, layout } = hits.data
  const edits = editSetOf(result.installation.areas)
  const reader = new CounterReader(target.memory, hits.image.start, layout, form.name !== 'per-thread')
  return {
    sites: plan.served.map(({ site }) => site),
    leftOut: leftOut(plan, result),
    heldNs: result.heldNs + (signals?.heldByInstalling() ?? 0n),
    read: () => reader.read(),
    latest: () => reader.latest(),
    settle: (frame) => settleFrame(target.memory, edits, frame),
    remove() {
      const { remaining } = uninstall(target, result.installation, () => reader.read(), tables?.use)
      // An int3 that could not be taken out needs its handler.
      return remaining.length > 0 ? remaining : (signals?.remove().remaining ?? [])
    },
  }
}

/** Sites whose window was found occupied or changed in the stop. */
export function leftOut(plan: TrampolinePlan, result: InstallResult): readonly RefusedSite[] {
  const bySite = new Map(plan.served.map((served) => [windowStart(served), served.site]))
  return result.leftOut.flatMap(({ edit, refusal }) => {
    const site = bySite.get(edit.site)
    return site === undefined ? [] : [{ site, refusal }]
  })
}
