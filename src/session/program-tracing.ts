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
import { type NamesWanted, namesWanted } from './names-wanted.js'
import { type MissingProbe, type ProgramSites, programSites } from './program-sites.js'
import { ResidentProgram } from './resident-program.js'
import { type ResolvedSites, resolveSites } from './resolve-sites.js'
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
  #group: number | undefined
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
    const sites = await programSites(program, x64, (pattern) => resolveIn(tracer, pattern))
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
    if (isRefusal(attached)) return attached
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

  async #plant(): Promise<Attached | Refusal | undefined> {
    const { tracer } = this.setting
    if (tracer === undefined || this.sites.at.size === 0 || this.#run.hasExited) return undefined
    const there = tracer.canRunInTarget ? await this.#plantInTarget(tracer) : undefined
    // Whole modules at breakpoints are nothing to do unasked.
    const mayRunHere = tracer.canRunHere && this.program.calls === undefined
    if (there !== undefined && !(isRefusal(there) && mayRunHere)) return there
    const late = tracer.tellsLate ? objectionToLateHits(this.program) : undefined
    if (late !== undefined) return late
    const made = await tracer.plantSites(this.sites.resolved, (hit) => this.#onHit(hit), there)
    if (isRefusal(made)) return made
    this.#group = made.group
    return made.attached
  }

  async #plantInTarget(tracer: Tracer): Promise<Attached | Refusal> {
    const { program, sites, host } = this
    const sink = (action: RunAction): void => this.#say(action)
    const { receiver } = this.setting
    const setting = { program, sites, host, tracer, run: this.#run, maps: this.#maps, here: this.#here, sink, receiver }
    const made = await ResidentProgram.plant(setting)
    if (isRefusal(made)) return made
    this.#group = made.group
    this.#resident = made.resident
    return made.attached
  }

  /** Probes that the script names one by one, and that could not be planted. */
  #lostProbes(attached: Attached | undefined): MissingProbe[] {
    return (attached?.refused ?? []).flatMap(({ site, code, because }) => {
      const span = this.sites.named.get(site)
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

  #onHit({ site, tid, registers: bytes }: HeldHit): HitAnswer {
    const { tracer } = this.setting
    if (tracer === undefined) return 'go-on'
    const { pid, memory } = tracer.target
    const registers = new Registers(Buffer.from(bytes))
    for (const { point: pointNumber, handler } of this.sites.at.get(site.address) ?? []) {
      const point = this.sites.points[pointNumber]
      assert(point !== undefined, `there is no attach point ${pointNumber}`)
      if (this.#lost.has(pointNumber)) continue
      const environment = threadEnvironment(this.host, { pid, tid, registers, memory, point, pointNumber })
      this.#run.fire({ handler, request: point.request }, environment, ({ signal, to }) =>
        sendSignal(this.setting.door, pid, tid, to, signal),
      )
    }
    return 'go-on'
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
    if (this.#group === undefined) return []
    const { remaining, missed } = this.setting.tracer?.remove(this.#group) ?? { remaining: [], missed: 0n }
    this.#group = undefined
    if (missed > 0n) this.#say({ kind: 'message', text: untoldText(missed) })
    return remaining
  }
}

function untoldText(times: bigint): string {
  return `WARNING: ${times} hits were not handled: they came faster than they could be taken\n`
}

async function resolveIn(tracer: Tracer | undefined, pattern: string): Promise<ResolvedSites | Refusal> {
  return tracer === undefined
    ? refuse('no-target', 'functions are probed in a process: give one with -p PID, or start one with -c COMMAND')
    : resolveSites(tracer.catalog, [pattern])
}

function unknownAddresses({ addresses }: NamesWanted, namer: SymbolNamer | undefined): string | undefined {
  return [...addresses].find((name) => namer?.addressOf(name) === undefined)
}

function sendSignal(door: KernelDoor, pid: number, tid: number, to: 'process' | 'thread', signal: bigint): void {
  // A process or thread that has ended wants no signal.
  if (to === 'process') door.invoke({ name: 'kill', args: [pid, signal] })
  else door.invoke({ name: 'tgkill', args: [pid, tid, signal] })
}
