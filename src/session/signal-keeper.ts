import { assert } from '../bytes/assert.js'
import type { Architecture } from '../isa/site-analysis.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import { untilPlaced } from '../target/area.js'
import { thisProcess } from '../target/owner.js'
import { chooseSignals } from '../target/signals/choose-signals.js'
import { installSignals } from '../target/signals/install.js'
import { type FoundSites, findInterposed, planSignals, type SignalModule } from '../target/signals/plan.js'
import type { ResidentSignals } from '../target/signals/resident-signals.js'
import type { TargetProcess } from '../target/target-process.js'
import type { SignalHost } from '../trampolines/host.js'
import type { PlannedRanges } from '../trampolines/planned-ranges.js'
import type { ModuleCatalog } from './module-catalog.js'

/** Makes a target's signals virtual for as long as anybody needs that. */
export class SignalKeeper implements SignalHost {
  private found: readonly FoundSites[] | undefined
  private resident: ResidentSignals | undefined

  constructor(
    private readonly target: TargetProcess,
    private readonly catalog: ModuleCatalog,
    private readonly arch: Architecture,
    private readonly planned: PlannedRanges,
  ) {}

  async prepare(): Promise<Refusal | undefined> {
    if (this.resident?.isInUse === true) return undefined
    const modules = await this.readModules()
    if (isRefusal(modules)) return modules
    const found = findInterposed(modules, this.target.entry)
    if (isRefusal(found)) return found
    this.found = found
    const plan = this.plan()
    return isRefusal(plan) ? plan : undefined
  }

  acquire(): ResidentSignals | Refusal {
    if (this.resident?.isInUse === true) return this.resident.share()
    const resident = untilPlaced(
      () => this.plan(),
      (plan) => installSignals(this.target, plan),
    )
    if (!isRefusal(resident)) this.resident = resident
    return resident
  }

  private plan() {
    assert(this.found !== undefined, 'prepare comes first')
    const { target, arch } = this
    const virtual = chooseSignals(target)
    if (isRefusal(virtual)) return virtual
    const owner = thisProcess(target.door)
    return planSignals(this.found, { arch, maps: this.planned.mapsOf(target), owner, virtual })
  }

  /** Every module: any of them may block signals. */
  private async readModules(): Promise<readonly SignalModule[] | Refusal> {
    const modules: SignalModule[] = []
    for (const mapped of this.catalog.modules()) {
      const module = await this.catalog.load(mapped)
      if (isRefusal(module)) return module
      const facts = module.facts()
      if (isRefusal(facts)) return facts
      const { path, bias, start, end } = module
      modules.push({ path, bias, start, end, facts })
    }
    return modules
  }
}
