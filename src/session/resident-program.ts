import type { Address } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import type { MapStore } from '../codegen/interpreter/map-store.js'
import type { SiteHandler } from '../codegen/x64/program/handler-code.js'
import type { Program } from '../ir/program.js'
import { hasStatement } from '../ir/walk-statement.js'
import { KernelError } from '../kernel/kernel-error.js'
import type { InstalledProgram, ProgramCode, ProgramData } from '../probe/program-plan.js'
import type { ModuleSites } from '../probe/site.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import type { DividedMaps } from '../runs/divided-maps.js'
import { type Drained, EventDrain } from '../runs/event-drain.js'
import type { ProgramRun } from '../runs/program-run.js'
import type { RunReceiver, RunSink } from '../runs/run-action.js'
import type { RunHost } from '../runs/run-host.js'
import { siteConstants } from '../runs/site-constants.js'
import { storedBytes, TargetMaps } from '../runs/target-maps.js'
import { mapsOfTarget, objectionTo } from '../runs/target-part.js'
import { ThreadNames } from '../runs/thread-names.js'
import { threadScene } from '../runs/thread-scene.js'
import { stackStart } from '../stacks/stack-start.js'
import { CONTROL } from '../store/program-layout.js'
import type { CodeRange } from '../store/stack-tables.js'
import { withoutIncomplete } from './complete-points.js'
import { exitSites } from './exit-sites.js'
import { joinModules } from './join-modules.js'
import type { PlacedHandler, ProgramSites } from './program-sites.js'
import type { MadeGroup, PlannedProgram, Tracer } from './tracer.js'

/** A program that is to run in a target. */
export interface ResidentSetting {
  readonly program: Program
  readonly sites: ProgramSites
  readonly host: RunHost
  readonly tracer: Tracer
  readonly run: ProgramRun
  readonly maps: DividedMaps
  /** What BEGIN has left. */
  readonly here: MapStore
  readonly sink: RunSink
  readonly receiver: RunReceiver
}

/** The probes of a program in a target; no `resident` where none could be planted. */
export interface MadeResident extends MadeGroup {
  readonly resident: ResidentProgram | undefined
}

/** Events are looked for at first after this time, and after more of it the longer there are none. */
const MIN_PAUSE_MS = 1
const MAX_PAUSE_MS = 20
/** How much of what maps have taken in may be lost when the target ends, and for how long a thread may be seen under an old name. */
const KEEP_MS = 50
/** How long modules that were mapped may be unknown to stacks. */
const CODE_MS = 250
/** Keeping large maps takes its time: pauses are so many times as long. */
const KEEP_SHARE = 10

/** A program at work in a target: brings here what its handlers emit, and what goes wrong in them. */
export class ResidentProgram {
  private readonly data: ProgramData
  readonly #drain: EventDrain
  readonly #names: ThreadNames
  #timer: NodeJS.Timeout | undefined
  #pauseMs = MIN_PAUSE_MS
  #keptMs = 0
  #keepPauseMs = KEEP_MS
  #codeSeenMs = performance.now()
  #released = 0n
  /** The process was about to end when it was looked at last. */
  #isLeaving = false
  #sawLast = false

  private constructor(
    private readonly setting: ResidentSetting,
    private readonly installed: InstalledProgram,
    /** What its stacks are walked by. */
    private stackRanges: readonly CodeRange[],
  ) {
    const { program, host, tracer } = setting
    this.data = installed.data
    this.#drain = new EventDrain(program, this.data)
    this.#names = new ThreadNames(program, this.data, host.door, tracer.target.pid)
    this.#wait()
  }

  /** Changes nothing if it refuses. @throws KernelError */
  static async plant(setting: ResidentSetting): Promise<MadeResident | Refusal> {
    const { program, tracer, maps } = setting
    const objection = objectionTo(program)
    if (objection !== undefined) return objection
    const exits = await exitSites(tracer.catalog, tracer.target.executable)
    const ranges = takesStacks(program) ? setting.host.code.ranges() : []
    const planned = await planComplete(setting, exits, ranges)
    if (isRefusal(planned)) return planned
    let resident: ResidentProgram | undefined
    const made = tracer.plantProgram(planned, () => resident?.lookLast())
    if (isRefusal(made)) return made
    if (made.installed !== undefined) {
      maps.move(mapsOfTarget(program), new TargetMaps(program, made.installed.data))
      resident = new ResidentProgram(setting, made.installed, ranges)
    }
    return { ...made, resident }
  }

  /** Deals with what has been emitted since, unless the receiver is behind: then it stays where it is, as long as there is room. */
  look(): Looked {
    if (!this.setting.receiver.hasRoom()) return 'something'
    return this.#take(this.#drain.drain())
  }

  /** The probes are out, and no handler runs any more. */
  lookLast(): void {
    this.#sawLast = true
    this.#takeAll()
  }

  /** The probes are out, or have gone with the target. */
  finish(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#sawLast) return
    this.lookLast()
    const text = 'WARNING: the target has ended: what its probes did in its last moments is not known\n'
    if (this.data.isGone && !this.#isLeaving) this.setting.sink({ kind: 'notice', text })
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      const leaving = this.#word(CONTROL.leaving)
      if (leaving > this.#released) this.#release(leaving)
      else this.#lookAgain()
      if (!this.data.isGone) this.#wait()
    }, this.#pauseMs)
  }

  #lookAgain(): void {
    this.#pauseMs = pauseAfter(this.look(), this.#pauseMs)
    this.#keep()
    this.#seeCode()
  }

  #keep(): void {
    const beganMs = performance.now()
    if (beganMs - this.#keptMs < this.#keepPauseMs) return
    this.#names.refresh()
    this.data.keep()
    this.#keptMs = performance.now()
    this.#keepPauseMs = Math.max(KEEP_MS, KEEP_SHARE * (this.#keptMs - beganMs))
    if (!this.data.isGone) this.#isLeaving = false
  }

  /** Stacks lead through modules that were not there before, and not through those that have gone. */
  #seeCode(): void {
    const nowMs = performance.now()
    if (this.stackRanges.length === 0 || nowMs - this.#codeSeenMs < CODE_MS) return
    this.#codeSeenMs = nowMs
    const ranges = rangesUnlessGone(this.setting.host)
    if (ranges === undefined || ranges === this.stackRanges) return
    this.stackRanges = ranges
    this.installed.renewStackTables(ranges)
  }

  /** Threads wait where the process ends: everything that was done before has been looked at. */
  #release(leaving: bigint): void {
    this.#takeAll()
    this.data.keep()
    this.data.release(leaving)
    this.#released = leaving
    this.#isLeaving = true
    this.#keptMs = performance.now()
  }

  #word(offset: number): bigint {
    return this.data.read(offset, 8).readBigUInt64LE()
  }

  #takeAll(): void {
    for (const drained of this.#drain.drainAll()) {
      this.setting.receiver.waitForRoom()
      this.#take(drained)
    }
  }

  #take({ runs, lost, missed, warnings, hasMore }: Drained): Looked {
    const { run, sink } = this.setting
    run.performAll(runs)
    for (const warning of warnings) run.warn(warning)
    if (lost > 0n) sink({ kind: 'show', record: { kind: 'lost', events: lost } })
    if (missed > 0n) sink({ kind: 'notice', text: missedText(missed) })
    if (hasMore) return 'more'
    return runs.length > 0 ? 'something' : 'nothing'
  }
}

/** What a look has found: `more` than it has taken. */
type Looked = 'nothing' | 'something' | 'more'

function pauseAfter(looked: Looked, pauseMs: number): number {
  if (looked === 'more') return 0
  return looked === 'something' ? MIN_PAUSE_MS : Math.min(MAX_PAUSE_MS, 2 * Math.max(pauseMs, MIN_PAUSE_MS))
}

/** Without the probes of returns that cannot be had: whether all sites of one can is known when all are planned together. */
async function planComplete(
  setting: ResidentSetting,
  exits: readonly ModuleSites[],
  ranges: readonly CodeRange[],
): Promise<PlannedProgram | Refusal> {
  const { resolved } = setting.sites
  const modules = joinModules([...resolved.modules, ...exits])
  const code = codeOf(setting, exits, ranges)
  const planned = await setting.tracer.planProgram({ ...resolved, modules }, code)
  if (isRefusal(planned) || !code.areWhole) return planned
  const sites = withoutIncomplete(setting.sites, planned.plan.refused)
  if (sites === undefined) return planned
  const complete = await planComplete({ ...setting, sites }, exits, ranges)
  return isRefusal(complete) ? complete : { ...complete, began: planned.began }
}

function missedText(times: bigint): string {
  return `WARNING: ${times} times a handler was left undone, in whole or in part: amid another of its thread, waiting for another thread, or without room for one more\n`
}

function codeOf(
  { program, sites, host, tracer, here }: ResidentSetting,
  exits: readonly ModuleSites[],
  stackRanges: readonly CodeRange[],
): ProgramCode {
  const { pid } = tracer.target
  const known = new Map<Address, readonly SiteHandler[]>()
  const handlersAt = (site: Address): readonly SiteHandler[] => {
    const handlers = known.get(site) ?? (sites.at.get(site) ?? []).map((placed) => handlerOf(placed, site))
    known.set(site, handlers)
    return handlers
  }
  const handlerOf = ({ point: pointNumber, handler: index }: PlacedHandler, site: Address): SiteHandler => {
    const point = sites.points[pointNumber]
    const handler = program.handlers[index]
    assert(point !== undefined && handler !== undefined, `there is no attach point ${pointNumber}`)
    return { handler, constant: siteConstants(host, { pid, site, point, pointNumber }), isFollowed: point.isFollowed }
  }
  const isEntry = (site: Address): boolean =>
    (sites.at.get(site) ?? []).some(({ point }) => sites.points[point]?.isEntry === true)
  return {
    program,
    handlersAt,
    exits: new Set(exits.flatMap((module) => module.sites.map((site) => site.address))),
    values: firstValues(program, here),
    startedNs: host.startedNs,
    followsCalls: sites.points.some(({ isFollowed }) => isFollowed),
    areWhole: program.returns !== undefined || program.calls !== undefined,
    stackStartAt: (site) =>
      stackRanges.length > 0
        ? stackStart(site, isEntry(site), threadScene(tracer.target.memory, host.code))
        : undefined,
    stackRanges,
  }
}

/** A target that has ended meanwhile is noticed by who reads its data. */
function rangesUnlessGone({ code }: RunHost): readonly CodeRange[] | undefined {
  try {
    const ranges = code.ranges()
    return ranges.length === 0 ? undefined : ranges
  } catch (error) {
    if (error instanceof KernelError) return undefined
    throw error
  }
}

function takesStacks({ handlers }: Program): boolean {
  return handlers.some(({ body }) => hasStatement(body, ({ op }) => op === 'take-stack'))
}

/** What BEGIN has stored in maps without keys that the target is to keep. */
function firstValues(program: Program, here: MapStore): Map<number, Uint8Array> {
  const values = new Map<number, Uint8Array>()
  for (const map of mapsOfTarget(program)) {
    const declaration = program.maps[map]
    const value = declaration?.key === undefined ? here.load(map, undefined) : undefined
    if (declaration !== undefined && value !== undefined) values.set(map, storedBytes(declaration, value))
  }
  return values
}
