import { assert } from '../bytes/assert.js'
import { x64 } from '../isa/x64/x64.js'
import type { KernelDoor } from '../kernel/door.js'
import { type Processor, readProcessor } from '../kernel/processor.js'
import { type JumpPlan, planJumps } from '../mechanisms/jump/plan.js'
import type { RefusedSite } from '../probe/site.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { isPlaceTaken } from '../target/area.js'
import { clean, findAreas } from '../target/clean.js'
import { type InstallResult, install } from '../target/install.js'
import { thisProcess } from '../target/owner.js'
import { listThreads } from '../target/process-state.js'
import { TargetProcess } from '../target/target-process.js'
import { uninstall } from '../target/uninstall.js'
import { counterForms, type FormChoice, paddingForm } from './counter-forms.js'
import { CounterReader } from './counter-reader.js'
import { explainPlan } from './explain-plan.js'
import { listFunctions } from './list-functions.js'
import { ModuleCatalog } from './module-catalog.js'
import { type ProbeGroup, snapshotOf } from './probe-group.js'
import { matchingModules, type ResolvedSites, resolveSites } from './resolve-sites.js'
import type { Attached, Explanation, ListedFunction, Progress, Snapshot } from './session-types.js'

/** Tries of an installation whose place was taken by the target meanwhile. */
const PLACE_TRIES = 3

/** One target, driven from one OS thread: everything that touches the kernel happens here, synchronously. */
export class Tracer implements Disposable {
  private readonly catalog: ModuleCatalog
  private readonly groups = new Map<number, ProbeGroup>()
  private readonly processor: Processor
  private nextGroup = 1

  private constructor(
    private readonly target: TargetProcess,
    private readonly onProgress: (progress: Progress) => void,
  ) {
    this.catalog = new ModuleCatalog(target)
    this.processor = readProcessor(target.door)
  }

  /** @throws KernelError */
  static attach(door: KernelDoor, pid: number, onProgress: (progress: Progress) => void = () => {}): Tracer | Refusal {
    const target = TargetProcess.open(door, pid)
    if (isRefusal(target)) return target
    const leftover = removeLeftover(target)
    if (leftover !== undefined) {
      target[Symbol.dispose]()
      return leftover
    }
    return new Tracer(target, onProgress)
  }

  /** Plants counters; returns the number of the group. @throws KernelError */
  async count(patterns: readonly string[]): Promise<{ readonly group: number; readonly attached: Attached } | Refusal> {
    const began = process.hrtime.bigint()
    this.onProgress({ phase: 'symbols', done: 0, total: patterns.length })
    const resolved = await resolveSites(this.catalog, patterns)
    if (isRefusal(resolved)) return resolved
    const made = this.installCounters(resolved)
    if (isRefusal(made)) return made
    const since = process.hrtime.bigint()
    const attached = describeAttached(made, resolved.refused, since - began)
    const group = this.nextGroup++
    const { plan, installation, choice } = made
    const reader = new CounterReader(
      this.target.memory,
      plan.data.start,
      plan.layout,
      choice.form.name !== 'per-thread',
    )
    this.groups.set(group, { plan, installation, reader, attached, since })
    return { group, attached }
  }

  private installCounters(resolved: ResolvedSites): Made | Refusal {
    const sites = resolved.modules.reduce((sum, module) => sum + module.sites.length, 0)
    const threads = listThreads(this.target.door, this.target.pid).length
    let last: Refusal | undefined
    for (const choice of counterForms(this.processor, threads, sites)) {
      const made = this.installWith(resolved, choice)
      if (!isRefusal(made)) return made
      if (made.code === 'seccomp') return this.installWith(resolved, paddingForm)
      if (made.code !== 'no-thread-pointer') return made
      last = made
    }
    assert(last !== undefined, 'there is a form of counter for every processor')
    return refuse('no-counter-form', last.because)
  }

  private installWith(resolved: ResolvedSites, choice: FormChoice): Made | Refusal {
    for (let round = 1; ; round++) {
      const plan = this.plan(resolved, choice)
      if (isRefusal(plan)) return plan
      if (plan.served.length === 0)
        return { plan, choice, installation: { areas: [], data: undefined }, leftOut: [], heldNs: 0n }
      this.onProgress({ phase: 'install', done: 0, total: plan.served.length })
      try {
        const result = install(this.target, plan.areas, plan.data, {
          threadPointers: choice.form.name === 'per-thread',
        })
        return isRefusal(result) ? result : { ...result, plan, choice }
      } catch (error) {
        if (!isPlaceTaken(error) || round === PLACE_TRIES) throw error
      }
    }
  }

  private plan(resolved: ResolvedSites, { form, blocks, backing }: FormChoice): JumpPlan | Refusal {
    this.onProgress({ phase: 'analysis', done: 0, total: resolved.modules.length })
    const { door, entry } = this.target
    const owner = thisProcess(door)
    return planJumps(resolved.modules, { arch: x64, form, blocks, backing, maps: this.target.maps(), entry, owner })
  }

  snapshot(group: number): Snapshot {
    const probes = this.group(group)
    const totals = this.target.isAlive() ? probes.reader.read() : undefined
    return snapshotOf(probes, totals ?? probes.reader.latest(), totals === undefined)
  }

  /** Takes a group out; its last counts. @throws KernelError */
  remove(group: number): { readonly snapshot: Snapshot; readonly remaining: readonly string[] } {
    const probes = this.group(group)
    const before = this.snapshot(group)
    const { remaining } = uninstall(this.target, probes.installation, () => probes.reader.read())
    this.groups.delete(group)
    return { snapshot: snapshotOf(probes, probes.reader.latest(), before.targetGone), remaining }
  }

  /** Takes every group out. Sentences about what could not be. */
  detach(): string[] {
    return [...this.groups.keys()].flatMap((group) => this.remove(group).remaining)
  }

  async explain(pattern: string): Promise<readonly Explanation[] | Refusal> {
    const resolved = await resolveSites(this.catalog, [pattern])
    if (isRefusal(resolved)) return resolved
    const [choice] = counterForms(this.processor, 1, 1)
    assert(choice !== undefined, 'there is a form of counter for every processor')
    const plan = this.plan(resolved, choice)
    return isRefusal(plan) ? plan : explainPlan(plan, x64, resolved.modules, resolved.refused)
  }

  async list(text: string): Promise<readonly ListedFunction[] | Refusal> {
    return listFunctions(text, (pattern) => matchingModules(this.catalog, pattern))
  }

  private group(group: number): ProbeGroup {
    const probes = this.groups.get(group)
    assert(probes !== undefined, `there is no probe group ${group}`)
    return probes
  }

  [Symbol.dispose](): void {
    this.target[Symbol.dispose]()
  }
}

interface Made extends InstallResult {
  readonly plan: JumpPlan
  readonly choice: FormChoice
}

/** What a killed tracer left is taken out first; a living one is left alone. */
function removeLeftover(target: TargetProcess): Refusal | undefined {
  const found = findAreas(target)
  if (found.owner !== undefined) {
    return refuse('busy', `ring3 (process ${found.owner}) is already at work in process ${target.pid}`)
  }
  if (found.nothing) return undefined
  const { remaining } = clean(target, found)
  return remaining.length === 0
    ? undefined
    : refuse('busy', `an earlier ring3 left something behind: ${remaining.join('; ')}`)
}

function describeAttached(made: Made, refused: readonly RefusedSite[], setup: bigint): Attached {
  const all = [...refused, ...made.plan.refused]
  const probes = made.plan.served.length - made.leftOut.length
  const bySite = new Map(made.plan.served.map(({ site }) => [site.address, site.key]))
  return {
    probes,
    mechanisms: probes > 0 ? { jump: probes } : {},
    refused: [
      ...all.map(({ site, refusal }) => ({ site: site.key, code: refusal.code, because: refusal.because })),
      ...made.leftOut.map(({ edit, refusal }) => ({
        site: bySite.get(edit.site) ?? '',
        code: refusal.code,
        because: refusal.because,
      })),
    ],
    stoppedNs: Number(made.heldNs),
    setupNs: Number(setup),
  }
}
