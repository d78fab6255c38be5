import { assert } from '../bytes/assert.js'
import { x64 } from '../isa/x64/x64.js'
import type { KernelDoor } from '../kernel/door.js'
import { KernelError } from '../kernel/kernel-error.js'
import { readProcessor } from '../kernel/processor.js'
import { impatience, type Patience } from '../kernel/wait.js'
import type { HeldHit, HitListener, HitName, InstalledProbes, Mechanism } from '../probe/mechanism.js'
import type { InstalledProgram, ProgramCode, ProgramData, ProgramPlan } from '../probe/program-plan.js'
import type { RefusedSite } from '../probe/site.js'
import type { AccessListener, Watchpoint } from '../probe/watchpoint.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { TargetProcess } from '../target/target-process.js'
import { PlannedRanges } from '../trampolines/planned-ranges.js'
import type { CatchOptions } from './catch-options.js'
import { describeAttached, type Outcome } from './describe-attached.js'
import { explain } from './explain.js'
import { explainReturns } from './explain-returns.js'
import { atWork, installLadder, installWatches, type Planted } from './install-ladder.js'
import { climb, type Ladder, onlySites, servedVerdicts } from './ladder.js'
import { listFunctions } from './list-functions.js'
import { mechanismsFor } from './mechanisms.js'
import { ModuleCatalog } from './module-catalog.js'
import { passedOver } from './passed-over.js'
import { type ProbeGroup, snapshotOf } from './probe-group.js'
import { ProgramLadder } from './program-ladder.js'
import { readPatterns } from './read-patterns.js'
import { removeLeftover } from './remove-leftover.js'
import { resolveAsked, withoutPartial } from './resolve-returns.js'
import { matchingModules, type ResolvedSites, resolveSites } from './resolve-sites.js'
import { resolveWatchpoints } from './resolve-watchpoints.js'
import type { Attached, Explanation, ListedFunction, Progress, Snapshot } from './session-types.js'
import { SignalKeeper } from './signal-keeper.js'

/** Who is told what a tracer does. */
export interface TracerListener {
  onProgress?(progress: Progress): void
  /** A sentence about what was passed over. */
  onWarning?(sentence: string): void
  /** Called before the target is changed; may throw, and then nothing is. */
  beforeChange?(): void
  /** Whether hits may be waited for; never, where nothing is said. */
  readonly patience?: Patience
}

/** A group of probes that has been planted. */
export interface MadeGroup {
  readonly group: number
  readonly attached: Attached
}

/** A program that has been planted. */
export interface MadeProgram extends MadeGroup {
  /** Undefined where no site could be had. */
  readonly installed: InstalledProgram | undefined
}

/** A program that can be planted. */
export interface PlannedProgram {
  readonly resolved: ResolvedSites
  readonly plan: ProgramPlan
  /** process.hrtime when planning began. */
  readonly began: bigint
}

/** A group of probes that has been taken out. */
export interface RemovedGroup {
  /** Its last counts. */
  readonly snapshot: Snapshot
  /** Sentences about what could not be taken out. */
  readonly remaining: readonly string[]
  /** Hits that the listener was not told of. */
  readonly missed: bigint
}

/** One target, driven from one OS thread: everything that touches the kernel happens here, synchronously. */
export class Tracer implements Disposable {
  /** The modules of the target. */
  readonly catalog: ModuleCatalog
  private readonly groups = new Map<number, ProbeGroup>()
  private readonly planned = new PlannedRanges()
  /** The cheapest first. */
  private readonly mechanisms: readonly Mechanism[]
  private readonly programs: ProgramLadder
  private nextGroup = 1

  private constructor(
    readonly target: TargetProcess,
    private readonly listener: TracerListener,
    options: CatchOptions,
  ) {
    this.catalog = new ModuleCatalog(target, (sentence) => listener.onWarning?.(sentence))
    const signals = new SignalKeeper(target, this.catalog, x64, this.planned)
    const { patience = impatience } = listener
    const processor = readProcessor(target.door)
    const host = { target, arch: x64, processor, signals, patience, planned: this.planned }
    this.mechanisms = mechanismsFor(host, options)
    this.programs = new ProgramLadder(host, this.mechanisms)
  }

  /** @throws KernelError */
  static attach(
    door: KernelDoor,
    pid: number,
    listener: TracerListener = {},
    options: CatchOptions = {},
  ): Tracer | Refusal {
    const target = TargetProcess.open(door, pid)
    if (isRefusal(target)) return target
    const leftover = removeLeftover(target, listener)
    if (leftover !== undefined) {
      target[Symbol.dispose]()
      return leftover
    }
    return new Tracer(target, listener, options)
  }

  /** Plants counters; returns the number of the group. @throws KernelError */
  async count(patterns: readonly string[]): Promise<MadeGroup | Refusal> {
    return this.plant(patterns, this.mechanisms)
  }

  /** Plants probes whose hits are held until `goOn` is called for the thread. @throws KernelError */
  async probe(patterns: readonly string[], onHit: (hit: HeldHit) => void): Promise<MadeGroup | Refusal> {
    const holding = this.holding()
    return isRefusal(holding)
      ? holding
      : this.plant(patterns, holding, (hit) => {
          onHit(hit)
          return 'wait'
        })
  }

  /**
   * Plants probes at sites that were found before, all for one listener. `instead`: why what was to be at these sites runs
   * here, and not in the target. @throws KernelError
   */
  async plantSites(resolved: ResolvedSites, onHit: HitListener, instead?: Refusal): Promise<MadeGroup | Refusal> {
    const telling = this.telling()
    if (isRefusal(telling)) return telling
    const made = await this.plantResolved(resolved, telling, process.hrtime.bigint(), onHit)
    if (isRefusal(made) || instead === undefined) return made
    const { mechanisms } = this.programs
    const { code, because } = instead
    const reason = { mechanisms, probes: made.attached.probes, code, because }
    return { ...made, attached: { ...made.attached, passedOver: [reason, ...made.attached.passedOver] } }
  }

  /** Watches for accesses to data; the listener hears of each when its thread has gone on. @throws KernelError */
  watch(watchpoints: readonly Watchpoint[], onAccess: AccessListener): MadeGroup | Refusal {
    const began = process.hrtime.bigint()
    const watching = this.installWatches(watchpoints, onAccess)
    if (isRefusal(watching)) return watching
    const probes = watching.map(({ mechanism, installed }) => [mechanism, atWork(installed)] as const)
    const installed = watching.flatMap(({ installed: each }) => each ?? [])
    return this.addGroup(installed, { probes, refused: [], passedOver: [] }, began)
  }

  /** Whether what was asked for has mechanisms whose handlers run in the target. */
  get canRunInTarget(): boolean {
    return this.programs.mechanisms.length > 0
  }

  /** Whether it has some whose handlers run here. */
  get canRunHere(): boolean {
    return !isRefusal(this.telling())
  }

  /** Whether these are told of hits when the thread has gone on. */
  get tellsLate(): boolean {
    return this.mechanisms.some(({ tellsLate }) => tellsLate === true)
  }

  /**
   * Where a program can run in the target; refused where that cannot be had for a site that a handler here could have. Changes
   * nothing. @throws KernelError
   */
  async planProgram(resolved: ResolvedSites, code: ProgramCode): Promise<PlannedProgram | Refusal> {
    const began = process.hrtime.bigint()
    this.beforePlanning(resolved)
    const plan = await this.programs.plan(resolved.modules, code)
    if (isRefusal(plan)) return plan
    const needed = plan.refused.filter(({ site }) => site.isOptional === undefined)
    const better = await this.servedHereOnly(resolved, needed)
    return better === undefined ? { resolved, plan, began } : better.refusal
  }

  /** Carries a plan out. `lastLook`: see ProgramPlan. @throws KernelError */
  plantProgram(
    { resolved, plan, began }: PlannedProgram,
    lastLook: (data: ProgramData) => void,
  ): MadeProgram | Refusal {
    if (plan.served.length > 0) this.beforeInstalling(plan)
    const installed = plan.served.length > 0 ? plan.install(lastLook) : undefined
    if (isRefusal(installed)) return installed
    const refused = [...resolved.refused, ...plan.refused]
    if (installed === undefined)
      return { ...this.addGroup([], { probes: [], refused, passedOver: [] }, began), installed }
    const probes = this.programs.probesOf(installed)
    const passedOver = this.programs.passedOver(installed)
    return { ...this.addGroup([installed], { probes, refused, passedOver }, began), installed }
  }

  /** A site that a handler here could have, among those that one in the target cannot. */
  private async servedHereOnly(
    { modules }: ResolvedSites,
    refused: readonly RefusedSite[],
  ): Promise<RefusedSite | undefined> {
    const holding = this.holding()
    if (isRefusal(holding) || refused.length === 0) return undefined
    const { steps } = await climb(holding, onlySites(modules, new Set(refused.map(({ site }) => site))))
    const served = new Set(steps.flatMap(({ plan }) => plan.served))
    return refused.find(({ site }) => served.has(site))
  }

  /** Mechanisms whose handler runs here. */
  private holding(): readonly Mechanism[] | Refusal {
    const holding = this.mechanisms.filter(({ traits }) => traits.handlerIn === 'tracer')
    return holding.length > 0
      ? holding
      : refuse('no-handler', 'a handler needs a mechanism whose handler runs in the tracer: --via breakpoint, or auto')
  }

  /** Mechanisms that tell of hits, if need be late. */
  private telling(): readonly Mechanism[] | Refusal {
    return this.tellsLate ? this.mechanisms : this.holding()
  }

  private async plant(
    patterns: readonly string[],
    mechanisms: readonly Mechanism[],
    onHit?: HitListener,
  ): Promise<MadeGroup | Refusal> {
    const began = process.hrtime.bigint()
    this.listener.onProgress?.({ phase: 'symbols', done: 0, total: patterns.length })
    const asked = readPatterns(patterns)
    if (isRefusal(asked)) return asked
    if (onHit !== undefined && asked.returns.length > 0)
      return refuse('bad-pattern', 'returns can be counted, and probed by scripts: handlers of your own run at entries')
    const resolved = await resolveAsked(this.catalog, x64, asked)
    if (isRefusal(resolved)) return resolved
    const watchpoints = await resolveWatchpoints(this.catalog, asked.watchpoints)
    if (isRefusal(watchpoints)) return watchpoints
    return this.plantResolved(resolved, mechanisms, began, onHit, watchpoints)
  }

  private async plantResolved(
    resolved: ResolvedSites,
    mechanisms: readonly Mechanism[],
    began: bigint,
    onHit?: HitListener,
    watchpoints: readonly Watchpoint[] = [],
  ): Promise<MadeGroup | Refusal> {
    const ladder = await this.climb(resolved, mechanisms)
    const whole = withoutPartial(resolved, ladder.refused)
    if (whole !== undefined) return this.plantResolved(whole, mechanisms, began, onHit, watchpoints)
    const watching = this.installWatches(watchpoints)
    if (isRefusal(watching)) return watching
    const steps = installLadder(ladder, onHit, (plan) => this.beforeInstalling(plan))
    if (isRefusal(steps)) {
      for (const { installed } of watching) installed?.remove()
      return steps
    }
    const made = [...steps, ...watching]
    const outcome = {
      probes: made.toReversed().map(({ mechanism, installed }) => [mechanism, atWork(installed)] as const),
      refused: [...resolved.refused, ...ladder.refused, ...made.flatMap(({ refused = [] }) => refused)],
      passedOver: passedOver(servedVerdicts(ladder)),
    }
    return this.addGroup(
      made.flatMap(({ installed }) => installed ?? []),
      outcome,
      began,
    )
  }

  private addGroup(
    installed: readonly InstalledProbes[],
    { refused, ...outcome }: Omit<Outcome, 'heldNs' | 'setupNs'>,
    began: bigint,
  ): MadeGroup {
    const since = process.hrtime.bigint()
    const attached = describeAttached({
      ...outcome,
      refused: [...refused, ...installed.flatMap(({ leftOut }) => leftOut)],
      heldNs: installed.reduce((sum, { heldNs }) => sum + heldNs, 0n),
      setupNs: since - began,
    })
    const group = this.nextGroup++
    this.groups.set(group, { installed, attached, since })
    return { group, attached }
  }

  private installWatches(watchpoints: readonly Watchpoint[], onAccess?: AccessListener): Planted[] | Refusal {
    if (watchpoints.length > 0) this.beforeInstalling({ served: watchpoints })
    return installWatches(this.target, watchpoints, onAccess)
  }

  private beforeInstalling({ served }: { readonly served: readonly unknown[] }): void {
    this.listener.onProgress?.({ phase: 'install', done: 0, total: served.length })
    this.listener.beforeChange?.()
  }

  private beforePlanning({ modules }: ResolvedSites): void {
    this.listener.onProgress?.({ phase: 'analysis', done: 0, total: modules.length })
    this.planned.forgetAll()
  }

  private climb(resolved: ResolvedSites, mechanisms: readonly Mechanism[]): Promise<Ladder> {
    this.beforePlanning(resolved)
    return climb(mechanisms, resolved.modules)
  }

  /** Whether anything of this tracer is in the target. */
  get hasProbes(): boolean {
    return this.groups.size > 0
  }

  /** Handles the hits that wait for the tracer, for at most so long, or waits for one. @returns whether there were any */
  poll(budgetNs: bigint): boolean {
    let any = false
    for (const probes of this.polled()) if (probes.poll?.(budgetNs) === true) any = true
    return any
  }

  /** Whether `poll` has to be called all the time. */
  get needsPolling(): boolean {
    return this.polled().length > 0
  }

  private polled(): readonly InstalledProbes[] {
    return this.installed.filter(({ poll }) => poll !== undefined)
  }

  get installed(): readonly InstalledProbes[] {
    return [...this.groups.values()].flatMap(({ installed }) => installed)
  }

  /** Between polls: what these keep for themselves is given back, so that other work is not done with it. */
  rest(): void {
    for (const probes of this.polled()) probes.rest?.()
  }

  /** Lets a thread that waits for its handler go on. @throws KernelError */
  goOn(hit: HitName, registers: Uint8Array): void {
    for (const probes of this.polled()) probes.goOn?.(hit, registers)
  }

  snapshot(group: number): Snapshot {
    const isAlive = this.target.isAlive()
    return snapshotOf(this.group(group), (probes) => (isAlive ? probes.read() : undefined))
  }

  /** Takes a group out. @throws KernelError */
  remove(group: number): RemovedGroup {
    const probes = this.group(group)
    const { targetGone } = this.snapshot(group)
    const remaining = this.takeOut(probes)
    // What could not be taken out still needs the tracer.
    if (remaining.length === 0) this.groups.delete(group)
    const missed = probes.installed.reduce((sum, each) => sum + (each.missed?.() ?? 0n), 0n)
    return { snapshot: { ...snapshotOf(probes, (each) => each.latest()), targetGone }, remaining, missed }
  }

  /** What was in a process that has ended, or executes another program, has gone with it. */
  private takeOut({ installed }: ProbeGroup): readonly string[] {
    try {
      return installed.toReversed().flatMap((probes) => probes.remove())
    } catch (error) {
      if (this.target.fate() === 'lives' || !(error instanceof KernelError)) throw error
      return []
    }
  }

  /** Takes every group out. Sentences about what could not be. */
  detach(): string[] {
    return [...this.groups.keys()].flatMap((group) => this.remove(group).remaining)
  }

  async explain(pattern: string): Promise<readonly Explanation[] | Refusal> {
    const resolved = await resolveSites(this.catalog, [pattern])
    if (isRefusal(resolved)) return resolved
    const returns = await explainReturns(this.catalog, x64, resolved.modules)
    return explain(await this.climb(resolved, this.mechanisms), resolved, this.mechanisms, returns)
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
