import { assert } from '../bytes/assert.js'
import { MapStore } from '../codegen/interpreter/map-store.js'
import type { Program } from '../ir/program.js'
import { x64 } from '../isa/x64/x64.js'
import { readClock } from '../kernel/clock.js'
import type { KernelDoor } from '../kernel/door.js'
import type { HeldHit, HitAnswer } from '../probe/mechanism.js'
import type { MapRecord } from '../record/map-record.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import type { AttachPoint } from '../runs/attach-point.js'
import { DividedMaps } from '../runs/divided-maps.js'
import { type Interval, Intervals } from '../runs/intervals.js'
import { objectionToLateHits } from '../runs/late-hits.js'
import { namesOf } from '../runs/names.js'
import { ProgramRun } from '../runs/program-run.js'
import type { RunAction, RunReceiver, RunSink } from '../runs/run-action.js'
import type { RunHost } from '../runs/run-host.js'
import { threadEnvironment } from '../runs/thread-environment.js'
import { tracerEnvironment } from '../runs/tracer-environment.js'
import { Registers } from '../target/registers.js'
import { type CallPoint, callPoints } from './call-points.js'
import { incompletePoints } from './complete-points.js'
import { joinAttached } from './join-attached.js'
import { type NamesWanted, namesWanted } from './names-wanted.js'
import {
  type MissingProbe,
  type PlacedHandler,
  type ProbeResolver,
  type ProgramSites,
  programSites,
} from './program-sites.js'
import { ResidentProgram } from './resident-program.js'
import { resolveSites } from './resolve-sites.js'
import { resolveWatchpoint } from './resolve-watchpoints.js'
import type { Attached } from './session-types.js'
import { SymbolNamer } from './symbol-namer.js'
import { noCode, TargetCode } from './target-code.js'
import type { Tracer } from './tracer.js'

/** What a program runs with. */
export interface ProgramSetting {
  readonly door: KernelDoor
  /** Undefined: the program runs without a target. */
  readonly tracer: Tracer | undefined
  readonly childPid: number | undefined
  readonly sink: RunSink
  readonly receiver: RunReceiver
}

/** A program that has begun, or the probe for which it has not. */
export type ProgramStart =
  | {
      readonly kind: 'started'
      readonly tracing: ProgramTracing
      readonly attached: Attached | undefined
      /** Probes that the script can do without. */
      readonly missing: readonly MissingProbe[]
    }
  | { readonly kind: 'missing'; readonly probe: MissingProbe }

/** A hit or an access, as handlers see it. */
type FiredHit = Pick<HeldHit, 'tid' | 'registers' | 'atNs'>

/** A program at work in the tracer thread: its probes, its intervals, and the handlers that run here. */
export class ProgramTracing {
  readonly #run: ProgramRun
  readonly #maps: DividedMaps
  readonly #here: MapStore
  readonly #intervals = new Intervals()
  readonly #waiting: RunAction[] = []
  #isAttached = false
  /** Numbers of points that are not at work: a site of theirs is refused, be it one of several. */
  #lost: ReadonlySet<number> = new Set()
  /** Of probes, in the order in which they were planted. */
  readonly #groups: number[] = []
  #resident: ResidentProgram | undefined

  private constructor(
    private readonly setting: ProgramSetting,
    private readonly sites: ProgramSites,
    private readonly host: RunHost,
    private readonly program: Program,
    private readonly namer: SymbolNamer | undefined,
  ) {
    const names = namesOf(setting.door, sites.points, namer)
    this.#here = new MapStore(program.maps)
    this.#maps = new DividedMaps(this.#here)
    // What handlers say before all probes work comes behind the line that says how many there are.
    this.#run = new ProgramRun(program, this.#maps, names, (action) => this.#say(action))
  }

  /** Runs BEGIN, plants the probes, and starts the intervals. @throws KernelError */
  static async start(program: Program, setting: ProgramSetting): Promise<ProgramStart | Refusal> {
    const { tracer, door, childPid } = setting
    const sites = await programSites(program, x64, resolverOf(tracer))
    const policy = program.config.missingProbes
    const [first] = sites.missing
    if (first !== undefined && policy === 'error') return { kind: 'missing', probe: first }
    const wanted = namesWanted(program)
    const needsNames = wanted.symbols || wanted.addresses.size > 0
    const namer = needsNames && tracer !== undefined ? await SymbolNamer.of(tracer.catalog) : undefined
    const unknown = unknownAddresses(wanted, namer)
    if (unknown !== undefined) return refuse('no-match', `uaddr("${unknown}"): no module has a function of that name`)
    const host: RunHost = {
      door,
      childPid,
      startedNs: readClock(door, 'boot'),
      bootAheadNs: readClock(door, 'boot') - readClock(door, 'monotonic'),
      code: tracer === undefined ? noCode : new TargetCode(tracer, () => namer?.learn()),
      symbolAddress: (name) => namer?.addressOf(name) ?? 0n,
    }
    const tracing = new ProgramTracing(setting, sites, host, program, namer)
    return tracing.#begin(policy === 'error')
  }

  #say(action: RunAction): void {
    if (this.#isAttached) this.setting.sink(action)
    else this.#waiting.push(action)
  }

  async #begin(allAreNeeded: boolean): Promise<ProgramStart | Refusal> {
    this.#fireAll('begin')
    const attached = await this.#plant()
    if (isRefusal(attached)) {
      this.#unplant()
      return attached
    }
    this.#lost = incompletePoints(this.sites, new Set(attached?.refused.map(({ site }) => site)))
    const lost = this.#lostProbes(attached)
    const [first] = lost
    if (first !== undefined && allAreNeeded) {
      this.#unplant()
      return { kind: 'missing', probe: first }
    }
    this.#open()
    return { kind: 'started', tracing: this, attached, missing: [...this.sites.missing, ...lost] }
  }

  /** Watchpoints have the debug registers before anything else has. */
  async #plant(): Promise<Attached | Refusal | undefined> {
    const { tracer } = this.setting
    if (tracer === undefined || this.#run.hasExited) return undefined
    const watching = this.sites.watched.length > 0 ? this.#watch(tracer) : undefined
    if (isRefusal(watching)) return watching
    const probing = this.sites.at.size > 0 ? await this.#plantAtSites(tracer) : undefined
    if (isRefusal(probing)) return probing
    return watching !== undefined && probing !== undefined ? joinAttached(watching, probing) : (watching ?? probing)
  }

  #watch(tracer: Tracer): Attached | Refusal {
    const late = objectionToLateHits(this.program, ({ kind }) => kind === 'watchpoint')
    if (late !== undefined) return late
    const { watched } = this.sites
    const watchpoints = watched.map(({ watchpoint }) => watchpoint)
    const made = tracer.watch(watchpoints, (access) => {
      const { handlers } = watched[watchpoints.indexOf(access.watchpoint)] ?? { handlers: [] }
      this.#resident?.look()
      this.#fireAt(handlers, access)
    })
    if (isRefusal(made)) return made
    this.#groups.push(made.group)
    return made.attached
  }

  async #plantAtSites(tracer: Tracer): Promise<Attached | Refusal> {
    const there = tracer.canRunInTarget ? await this.#plantInTarget(tracer) : undefined
    // Whole modules at breakpoints are nothing to do unasked.
    const mayRunHere = tracer.canRunHere && this.program.calls === undefined
    if (there !== undefined && !(isRefusal(there) && mayRunHere)) return there
    const late = tracer.tellsLate ? objectionToLateHits(this.program) : undefined
    if (late !== undefined) return late
    const made = await tracer.plantSites(this.sites.resolved, (hit) => this.#onHit(hit), there)
    if (isRefusal(made)) return made
    this.#groups.push(made.group)
    return made.attached
  }

  async #plantInTarget(tracer: Tracer): Promise<Attached | Refusal> {
    const { program, sites, host } = this
    const sink = (action: RunAction): void => this.#say(action)
    const { receiver } = this.setting
    const setting = { program, sites, host, tracer, run: this.#run, maps: this.#maps, here: this.#here, sink, receiver }
    const made = await ResidentProgram.plant(setting)
    if (isRefusal(made)) return made
    this.#groups.push(made.group)
    this.#resident = made.resident
    return made.attached
  }

  /** Probes that the script names one by one, and that could not be planted. */
  #lostProbes(attached: Attached | undefined): MissingProbe[] {
    const { named, resolved } = this.sites
    const sites = resolved.modules.flatMap((module) => module.sites)
    const spans = new Map(sites.map(({ key, address }) => [key, named.get(address)]))
    return (attached?.refused ?? []).flatMap(({ site, code, because }) => {
      const span = spans.get(site)
      return span === undefined ? [] : [{ span, refusal: refuse(code, because) }]
    })
  }

  /** Everything works: says so, and lets out what handlers have said meanwhile. */
  #open(): void {
    const probes = this.sites.points.length - this.#lost.size
    this.#isAttached = true
    this.setting.sink({ kind: 'show', record: { kind: 'attached', probes } })
    for (const action of this.#waiting.splice(0)) this.setting.sink(action)
    if (!this.#run.hasExited) this.#intervals.start(this.#intervalProbes())
  }

  #intervalProbes(): Interval[] {
    return [...this.sites.points.entries()].flatMap(([number, point]) =>
      point.request.kind === 'interval'
        ? [{ periodNs: point.request.periodNs, fire: () => this.#fireHere(point, number) }]
        : [],
    )
  }

  #onHit(hit: HeldHit): HitAnswer {
    this.#fireAt(this.sites.at.get(hit.site.address) ?? [], hit)
    return 'go-on'
  }

  #fireAt(handlers: readonly PlacedHandler[], { tid, registers: bytes, atNs }: FiredHit): void {
    const { tracer } = this.setting
    if (tracer === undefined) return
    const { pid, memory } = tracer.target
    const registers = new Registers(Buffer.from(bytes))
    for (const { point: pointNumber, handler } of handlers) {
      const point = this.sites.points[pointNumber]
      assert(point !== undefined, `there is no attach point ${pointNumber}`)
      if (this.#lost.has(pointNumber)) continue
      const environment = threadEnvironment(this.host, { pid, tid, registers, memory, point, pointNumber, atNs })
      this.#run.fire({ handler, request: point.request }, environment, ({ signal, to }) =>
        sendSignal(this.setting.door, pid, tid, to, signal),
      )
    }
  }

  /** A signal has come to the tracer. */
  signalled(signal: string): void {
    for (const [number, point] of this.sites.points.entries())
      if (point.request.kind === 'signal' && point.request.signal === signal) this.#fireHere(point, number)
  }

  #fireAll(kind: 'begin' | 'end'): void {
    for (const [number, point] of this.sites.points.entries())
      if (point.request.kind === kind) this.#fireHere(point, number)
  }

  #fireHere(point: AttachPoint, number: number): void {
    const { pid } = process
    this.#resident?.look()
    this.#run.fire(point, tracerEnvironment(this.host, point, number), ({ signal, to }) =>
      sendSignal(this.setting.door, pid, pid, to, signal),
    )
  }

  readMaps(): readonly MapRecord[] {
    this.#resident?.look()
    return this.#run.readMaps()
  }

  /** The functions of `call` probes, by the numbers of their points. */
  callPoints(): CallPoint[] {
    return callPoints(this.sites, this.#lost)
  }

  /** Resolves when all names that the program may show are known. */
  async named(): Promise<void> {
    await this.namer?.settled()
  }

  /** Takes the probes out, runs END, and shows the maps. @returns sentences about what could not be taken out @throws KernelError */
  finish(): readonly string[] {
    this.#intervals.stop()
    const remaining = this.#unplant()
    this.#resident?.finish()
    this.#fireAll('end')
    this.#run.finish()
    return remaining
  }

  #unplant(): readonly string[] {
    const { tracer } = this.setting
    const removed = this.#groups
      .splice(0)
      .toReversed()
      .flatMap((group) => tracer?.remove(group) ?? [])
    const missed = removed.reduce((sum, each) => sum + each.missed, 0n)
    if (missed > 0n) this.#say({ kind: 'notice', text: untoldText(missed) })
    return removed.flatMap(({ remaining }) => remaining)
  }
}

function untoldText(times: bigint): string {
  return `WARNING: ${times} hits were not handled: they came faster than they could be taken\n`
}

function resolverOf(tracer: Tracer | undefined): ProbeResolver {
  if (tracer !== undefined)
    return {
      functions: (pattern) => resolveSites(tracer.catalog, [pattern]),
      data: (asked) => resolveWatchpoint(tracer.catalog, asked),
    }
  const none = refuse(
    'no-target',
    'functions and data are probed in a process: give one with -p PID, or start one with -c COMMAND',
  )
  return { functions: async () => none, data: async () => none }
}

function unknownAddresses({ addresses }: NamesWanted, namer: SymbolNamer | undefined): string | undefined {
  return [...addresses].find((name) => namer?.addressOf(name) === undefined)
}

function sendSignal(door: KernelDoor, pid: number, tid: number, to: 'process' | 'thread', signal: bigint): void {
  // A process or thread that has ended wants no signal.
  if (to === 'process') door.invoke({ name: 'kill', args: [pid, signal] })
  else door.invoke({ name: 'tgkill', args: [pid, tid, signal] })
}
