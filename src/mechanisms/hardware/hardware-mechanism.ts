import { assert } from '../../bytes/assert.js'
import type { Architecture } from '../../isa/site-analysis.js'
import type { HitListener, InstalledProbes, Mechanism, ProbePlan } from '../../probe/mechanism.js'
import type { ModuleSites } from '../../probe/site.js'
import type { AccessListener, Watchpoint } from '../../probe/watchpoint.js'
import { isRefusal, type Refusal } from '../../refusal/refusal.js'
import type { TargetProcess } from '../../target/target-process.js'
import type { Host } from '../../trampolines/host.js'
import { HardwareProbes } from './hardware-probes.js'
import { hardwareTraits } from './hardware-traits.js'
import { type Breakpoint, type HardwarePlan, planHardware } from './plan.js'
import { type ToldHit, ToldHits } from './told-hits.js'

/** Debug registers: any instruction, four of them, and nothing in the target's memory changes. */
export function hardwareMechanism(target: TargetProcess, arch: Architecture): Mechanism {
  return {
    traits: hardwareTraits,
    tellsLate: true,
    plan: (modules) => planProbes(target, arch, modules),
  }
}

/**
 * Watches for accesses to data, and tells `onAccess` of each when its thread has gone on. Refused, with nothing set, where not all
 * of them can be had.
 */
export function installWatchpoints(
  { target, arch }: Pick<Host, 'target' | 'arch'>,
  watchpoints: readonly Watchpoint[],
  onAccess?: AccessListener,
): InstalledProbes | Refusal {
  const { breakpoints, refusedWatchpoints } = planHardware([], watchpoints, arch)
  const [first] = refusedWatchpoints
  if (first !== undefined) return first.refusal
  const onHit =
    onAccess && (({ breakpoint, ...hit }: ToldHit) => onAccess({ ...hit, watchpoint: itemAt(watchpoints, breakpoint) }))
  return installBreakpoints(target, breakpoints, breakpoints, onHit)
}

function planProbes(target: TargetProcess, arch: Architecture, modules: readonly ModuleSites[]): ProbePlan {
  const plan = planHardware(modules, [], arch)
  return {
    served: plan.served,
    refused: plan.refused,
    explain: () => ({}),
    install: (onHit) => install(target, plan, onHit),
  }
}

function install(
  target: TargetProcess,
  { breakpoints, served }: HardwarePlan,
  onHit: HitListener | undefined,
): InstalledProbes | Refusal {
  const tell = onHit && (({ breakpoint, ...hit }: ToldHit) => void onHit({ ...hit, site: itemAt(served, breakpoint) }))
  return installBreakpoints(target, breakpoints, served, tell)
}

/** `sites`: what the breakpoints stand for, in their order. */
function installBreakpoints(
  { door, pid }: TargetProcess,
  breakpoints: readonly Breakpoint[],
  sites: InstalledProbes['sites'],
  onHit: ((hit: ToldHit) => void) | undefined,
): InstalledProbes | Refusal {
  const probes = HardwareProbes.install(door, pid, breakpoints, onHit === undefined ? 'counts' : 'samples')
  if (isRefusal(probes)) return probes
  const counting = atWork(probes, sites)
  return onHit === undefined ? counting : telling(counting, probes, new ToldHits(probes, onHit))
}

function itemAt<T>(items: readonly T[], breakpoint: number): T {
  const item = items[breakpoint]
  assert(item !== undefined, 'every breakpoint stands for something')
  return item
}

/** Counting, with a listener. */
function telling(counting: InstalledProbes, probes: HardwareProbes, told: ToldHits): InstalledProbes {
  let missed = 0n
  return {
    ...counting,
    poll: () => told.tell(),
    missed: () => missed,
    remove() {
      probes.stop()
      told.tell()
      missed = told.missed()
      return counting.remove()
    },
  }
}

/** The counts are the kernel's: they can be read until they are removed, whatever has become of the target. */
function atWork(probes: HardwareProbes, sites: InstalledProbes['sites']): InstalledProbes {
  let final: BigUint64Array | undefined
  const read = (): BigUint64Array => final ?? probes.read()
  return {
    sites,
    leftOut: [],
    heldNs: probes.heldNs,
    read,
    latest: read,
    remove() {
      using _closed = probes
      final = read()
      return []
    },
  }
}
