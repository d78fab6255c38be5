import { x64 } from '../isa/x64/x64.js'
import { installWatchpoints } from '../mechanisms/hardware/hardware-mechanism.js'
import { hardwareTraits } from '../mechanisms/hardware/hardware-traits.js'
import type { HitListener, InstalledProbes, ProbePlan } from '../probe/mechanism.js'
import type { RefusedSite } from '../probe/site.js'
import type { AccessListener, Watchpoint } from '../probe/watchpoint.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import type { TargetProcess } from '../target/target-process.js'
import type { Ladder } from './ladder.js'

/** What became of one step of a ladder. */
export interface Planted {
  readonly mechanism: string
  /** Undefined where the mechanism has refused at last. */
  readonly installed: InstalledProbes | undefined
  readonly refused?: readonly RefusedSite[]
}

/**
 * The dearest mechanism first: what it needs in the target must not be covered by the others’ windows. Sites of one that
 * refuses are left out; when one fails, those before it are taken out again. `before` is called for each. @throws KernelError
 */
export function installLadder(
  { steps }: Ladder,
  onHit: HitListener | undefined,
  before: (plan: ProbePlan) => void,
): Planted[] | Refusal {
  const made: Planted[] = []
  let refusal: Refusal | undefined
  try {
    for (const { mechanism, plan } of steps.toReversed()) {
      before(plan)
      const installed = plan.install(onHit)
      if (isRefusal(installed)) refusal = installed
      const { name } = mechanism.traits
      made.push(isRefusal(installed) ? leftOutBy(installed, plan, name) : { mechanism: name, installed })
    }
  } catch (error) {
    for (const { installed } of made.toReversed()) installed?.remove()
    throw error
  }
  return refusal !== undefined && made.every(({ installed }) => installed === undefined) ? refusal : made
}

function leftOutBy(refusal: Refusal, plan: ProbePlan, mechanism: string): Planted {
  return { mechanism, installed: undefined, refused: plan.served.map((site) => ({ site, refusal })) }
}

/** Watchpoints have the debug registers before anything else has. */
export function installWatches(
  target: TargetProcess,
  watchpoints: readonly Watchpoint[],
  onAccess?: AccessListener,
): Planted[] | Refusal {
  if (watchpoints.length === 0) return []
  const installed = installWatchpoints({ target, arch: x64 }, watchpoints, onAccess)
  return isRefusal(installed) ? installed : [{ mechanism: hardwareTraits.name, installed }]
}

/** How many probes work. */
export function atWork(installed: InstalledProbes | undefined): number {
  if (installed === undefined) return 0
  const lost = new Set<InstalledProbes['sites'][number]>(installed.leftOut.map(({ site }) => site))
  return installed.sites.filter((site) => !lost.has(site)).length
}
