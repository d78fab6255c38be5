import type { InstructionClass } from '../../isa/instruction-class.js'
import type { Mechanism, ProbePlan } from '../../probe/mechanism.js'
import type { ModuleSites, RefusedSite, Site } from '../../probe/site.js'
import { isRefusal, type Refusal } from '../../refusal/refusal.js'
import { thisProcess } from '../../target/owner.js'
import { explainerOf } from '../../trampolines/explain-site.js'
import type { Host } from '../../trampolines/host.js'
import { planTrampolines, type TrampolinePlan } from '../../trampolines/plan-trampolines.js'
import { trapStyle } from '../../trampolines/trap-style.js'
import { BreakpointTracing, type ChosenResume } from './breakpoint-tracing.js'
import { breakpointTraits } from './breakpoint-traits.js'
import { chooseResume, type ResumeChoice } from './choose-resume.js'
import { SLOT_SIZE, trapsOfSlots } from './slots.js'

export interface BreakpointOptions {
  readonly resume: ResumeChoice
  /** Slots of each area, for copies that are stepped through. */
  readonly slots: number
  /** Whether the tracer goes to the processor of a thread that hits all the time. */
  readonly follow: boolean
}

/** `int3`, taken by the tracer through ptrace: the handler may read and change the thread. */
export function breakpointMechanism(host: Host, options: BreakpointOptions): Mechanism {
  const tracing = new BreakpointTracing(host, options.follow)
  return {
    traits: breakpointTraits,
    prepare: () => host.signals.prepare(),
    plan: (modules) => plan(host, tracing, options, modules),
  }
}

function plan(
  host: Host,
  tracing: BreakpointTracing,
  options: BreakpointOptions,
  modules: readonly ModuleSites[],
): ProbePlan | Refusal {
  const trampolines = planCopies(host, options, modules)
  if (isRefusal(trampolines)) return trampolines
  return planResumes(host, tracing, options, modules, trampolines)
}

function planCopies(
  { target, arch, planned }: Host,
  options: BreakpointOptions,
  modules: readonly ModuleSites[],
): TrampolinePlan | Refusal {
  return planTrampolines(modules, {
    arch,
    styles: [trapStyle],
    work: undefined,
    spareBytes: options.slots * SLOT_SIZE,
    spareTraps: trapsOfSlots(options.slots),
    backing: 'mapped',
    maps: planned.mapsOf(target),
    entry: target.entry,
    owner: thisProcess(target.door),
  })
}

function planResumes(
  host: Host,
  tracing: BreakpointTracing,
  options: BreakpointOptions,
  modules: readonly ModuleSites[],
  trampolines: TrampolinePlan,
): ProbePlan {
  const { arch } = host
  const chosen = new Map<Site, ChosenResume>()
  const refused: RefusedSite[] = [...trampolines.refused]
  for (const { site, analysis } of trampolines.served) {
    const instruction = arch.classify(analysis, site.address)
    const choice = isRefusal(instruction) ? instruction : choose(options.resume, instruction, site)
    if (isRefusal(choice)) refused.push({ site, refusal: choice })
    else chosen.set(site, choice)
  }
  const plan = onlySites(trampolines, chosen)
  return {
    served: plan.served.map(({ site }) => site),
    refused,
    explain: explainerOf(plan, arch),
    install: (onHit) => tracing.install(() => again(host, options, modules, chosen), chosen, onHit),
  }
}

/** What the signals need may stand where the areas were to be. */
function again(
  host: Host,
  options: BreakpointOptions,
  modules: readonly ModuleSites[],
  chosen: ReadonlyMap<Site, ChosenResume>,
): TrampolinePlan | Refusal {
  const plan = planCopies(host, options, modules)
  return isRefusal(plan) ? plan : onlySites(plan, chosen)
}

function choose(wanted: ResumeChoice, instruction: InstructionClass, site: Site): ChosenResume | Refusal {
  const resume = chooseResume(wanted, instruction, site)
  return isRefusal(resume) ? resume : { instruction, resume }
}

/** The same areas with fewer edits: the trampolines of the others stay unused. */
function onlySites(plan: TrampolinePlan, wanted: ReadonlyMap<Site, ChosenResume>): TrampolinePlan {
  const served = plan.served.filter(({ site }) => wanted.has(site))
  if (served.length === plan.served.length) return plan
  const sites = new Set(served.map(({ site }) => site.address))
  const areas = plan.areas.map((area) => ({ ...area, edits: area.edits.filter((edit) => sites.has(edit.site)) }))
  return { ...plan, areas, served }
}
