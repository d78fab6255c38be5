import { assert } from '../bytes/assert.js'
import { tellsTime } from '../codegen/x64/program/tells-time.js'
import { measureTimeStamp } from '../kernel/time-stamp.js'
import type { PatchStyle } from '../probe/patch-style.js'
import type { InstalledProgram, ProgramCode, ProgramData, ProgramPlan } from '../probe/program-plan.js'
import type { ModuleSites, RefusedSite, Site } from '../probe/site.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import type { ProgramClock } from '../store/program-head.js'
import type { ProgramShape } from '../store/program-layout.js'
import { stackTablesSize } from '../store/stack-tables.js'
import { untilPlaced } from '../target/area.js'
import { type InstallResult, install, type TablePublisher } from '../target/install.js'
import { thisProcess } from '../target/owner.js'
import { PageMap } from '../target/page-map.js'
import { roundToPage } from '../target/placement.js'
import { isAddressSpaceScarce, listThreads } from '../target/process-state.js'
import type { ResidentSignals } from '../target/signals/resident-signals.js'
import { threadNumberOffset } from '../target/thread-number.js'
import { uninstall } from '../target/uninstall.js'
import { callsForbidden } from './calls-forbidden.js'
import type { Host } from './host.js'
import { planTrampolines, type TrampolinePlan } from './plan-trampolines.js'
import { type ProgramHits, type ProgramWork, programWork } from './program-work.js'
import { TargetData } from './target-data.js'
import { leftOut, withSignals } from './trampoline-mechanism.js'

/** Slots for each thread that is there now, and the least: a slot is looked for from its thread's hash on. */
const SLOTS_PER_THREAD = 4
const MIN_SLOTS = 256
/** Of 64 KiB: two for each slot, and a recursion through 64 MiB. Address space that is not backed by memory until it is used. */
const STACK_PARTS = 1024
/** More than threads ever come to where the process ends. */
const ALL = 2n ** 64n - 1n
const PAGE = 4096
/** For modules that are mapped later: address space, not memory. */
const LATER_TABLE_BYTES = 1 << 26

interface Wanted {
  readonly host: Host
  /** The first that a site allows is used there. */
  readonly styles: readonly PatchStyle[]
  readonly modules: readonly ModuleSites[]
  readonly code: ProgramCode
  readonly work: ProgramWork
}

/**
 * Running a program in the target: a trampoline for every site, reached in the first of the styles that the site allows, with
 * the machine code of the site's handlers.
 */
export async function planProgram(
  host: Host,
  styles: readonly PatchStyle[],
  modules: readonly ModuleSites[],
  code: ProgramCode,
): Promise<ProgramPlan | Refusal> {
  const clock = await clockFor(host, code)
  const machine = {
    tidOffset: threadNumberOffset(host.target),
    hasRdpid: host.processor.flags.has('rdpid'),
    hasClock: clock !== undefined,
  }
  const shape = shapeFor(host, code)
  const [suitable, refused] = byStack(modules)
  const work = callsForbidden(host.target, code) ?? programWork(code, suitable, machine, { shape, clock })
  if (isRefusal(work)) return work
  const planned = await planReachable({ host, styles, modules: suitable, code, work })
  if (isRefusal(planned)) return planned
  const { wanted, plan } = planned
  const forget = host.planned.keep(plan)
  return {
    served: plan.served.filter(hasHandlers(code)),
    refused: [...refused, ...plan.refused].filter(hasHandlers(code)),
    install: (lastLook) => installWithSignals(wanted, plan, forget, lastLook),
  }
}

/** At others the process ends, which is nobody's request. */
function hasHandlers({ handlersAt }: ProgramCode): (each: { readonly site: Site }) => boolean {
  return ({ site }) => handlersAt(site.address).length > 0
}

interface Planned {
  readonly wanted: Wanted
  readonly plan: TrampolinePlan<ProgramHits>
}

/** Without the styles that need signal handlers, where the target can have none. */
async function planReachable(wanted: Wanted): Promise<Planned | Refusal> {
  const plan = planAreas(wanted)
  if (isRefusal(plan)) return plan
  const unprepared = needsSignals(wanted, plan) ? await wanted.host.signals.prepare() : undefined
  if (unprepared === undefined) return { wanted, plan }
  const others = wanted.styles.filter(({ bySignal }) => !bySignal)
  return wanted.work.mayFault || others.length === 0 ? unprepared : planReachable({ ...wanted, styles: others })
}

/** For instructions that may fault, and for sites that only a signal handler leads away from. */
function needsSignals({ work }: Wanted, { served }: TrampolinePlan): boolean {
  return work.mayFault || served.some(({ style }) => style.bySignal)
}

/**
 * Goroutines have stacks of a few kilobytes, and the compiler knows to the byte how little of one a function may find: a
 * handler might write below it.
 */
function byStack(modules: readonly ModuleSites[]): [suitable: ModuleSites[], refused: RefusedSite[]] {
  const grows = ({ facts }: ModuleSites): boolean => facts.preemptible.length > 0
  const refusal = refuse('growing-stack', 'it runs on the stacks of goroutines, which may have no room for a handler')
  const refused = modules.filter(grows).flatMap(({ sites }) => sites.map((site) => ({ site, refusal })))
  return [modules.filter((module) => !grows(module)), refused]
}

/** Measured only where a handler wants to know the time: it takes a while. */
async function clockFor({ target, processor }: Host, code: ProgramCode): Promise<ProgramClock | undefined> {
  if (!tellsTime(code.program)) return undefined
  const clock = await measureTimeStamp(target.door, processor)
  return clock && { ...clock, start: code.startedNs }
}

/** Rings are address space that is not backed by memory until it is used. */
function shapeFor({ target }: Host, { program, stackRanges, followsCalls }: ProgramCode): ProgramShape {
  const threads = listThreads(target.door, target.pid).length
  const slots = 2 ** Math.ceil(Math.log2(Math.max(MIN_SLOTS, SLOTS_PER_THREAD * threads)))
  const stackParts = isAddressSpaceScarce(target.door, target.pid) ? 0 : STACK_PARTS
  const stackTableBytes = stackRanges.length === 0 ? 0 : roundToPage(stackTablesSize(stackRanges)) + LATER_TABLE_BYTES
  return { slots, ringBytes: PAGE * program.config.ringPages, stackTableBytes, stackParts, followsCalls }
}

function planAreas({
  host: { target, arch, planned },
  styles,
  modules,
  code,
  work,
}: Wanted): TrampolinePlan<ProgramHits> | Refusal {
  return planTrampolines(modules, {
    isFutile: (refused) => code.areWhole && refused.some(hasHandlers(code)),
    arch,
    styles,
    work,
    spareBytes: 0,
    spareTraps: [],
    backing: 'mapped',
    maps: planned.mapsOf(target),
    entry: target.entry,
    owner: thisProcess(target.door),
  })
}

type LastLook = (data: ProgramData) => void

function installWithSignals(
  wanted: Wanted,
  plan: TrampolinePlan<ProgramHits>,
  forget: () => void,
  lastLook: LastLook,
): InstalledProgram | Refusal {
  const signals = needsSignals(wanted, plan) ? wanted.host.signals.acquire() : undefined
  forget()
  if (signals === undefined) return installPlaced(wanted, plan, undefined, lastLook)
  return isRefusal(signals) ? signals : withSignals(signals, () => installPlaced(wanted, plan, signals, lastLook))
}

function installPlaced(
  wanted: Wanted,
  ready: TrampolinePlan<ProgramHits>,
  signals: ResidentSignals | undefined,
  lastLook: LastLook,
): InstalledProgram | Refusal {
  const carryOut = (plan: TrampolinePlan<ProgramHits>): InstalledProgram | Refusal => {
    const tables = signals?.publisherOf(...plan.tables)
    // Slots are found by the thread pointer.
    const check = { threadPointers: true }
    const result = install(wanted.host.target, plan.areas, plan.hits?.image, check, tables)
    return isRefusal(result) ? result : installed(wanted, plan, result, { tables, signals, lastLook })
  }
  // For another place: what can be had is known.
  const elsewhere = { ...wanted, code: { ...wanted.code, areWhole: false } }
  return untilPlaced(() => planAreas(elsewhere), carryOut, ready)
}

interface Surroundings {
  readonly tables: TablePublisher | undefined
  readonly signals: ResidentSignals | undefined
  readonly lastLook: LastLook
}

function installed(
  { host: { target }, code }: Wanted,
  plan: TrampolinePlan<ProgramHits>,
  result: InstallResult,
  { tables, signals, lastLook }: Surroundings,
): InstalledProgram {
  assert(plan.hits !== undefined, 'handlers were planned')
  const { image, data: hits } = plan.hits
  const data = new TargetData(
    target.memory,
    image.start,
    hits.layout,
    image.head,
    PageMap.open(target.door, target.pid, target.tid),
  )
  const noCounts = new BigUint64Array()
  const served = plan.served.filter(hasHandlers(code))
  return {
    data,
    served,
    sites: served.map(({ site }) => site),
    leftOut: leftOut(plan, result).filter(hasHandlers(code)),
    heldNs: result.heldNs + (signals?.heldByInstalling() ?? 0n),
    read: () => noCounts,
    latest: () => noCounts,
    renewStackTables: (ranges) => hits.stackTables.renew(ranges, (offset, bytes) => data.write(offset, bytes)),
    remove() {
      // Nobody reads while threads are waited for.
      data.release(ALL)
      const { remaining } = uninstall(target, result.installation, () => lookLast(data, lastLook), tables?.use)
      // What could not be taken out stays, with the signals that it needs.
      if (remaining.length > 0) return remaining
      data.leave()
      return signals?.remove().remaining ?? []
    },
  }
}

function lookLast(data: TargetData, lastLook: LastLook): void {
  lastLook(data)
  data.keep()
  data.leave()
}
