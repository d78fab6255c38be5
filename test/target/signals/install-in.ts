import { x64 } from '../../../src/isa/x64/x64.js'
import type { KernelDoor } from '../../../src/kernel/door.js'
import { isRefusal, type Refusal } from '../../../src/refusal/refusal.js'
import { ModuleCatalog } from '../../../src/session/module-catalog.js'
import { thisProcess } from '../../../src/target/owner.js'
import { chooseSignals } from '../../../src/target/signals/choose-signals.js'
import { installSignals } from '../../../src/target/signals/install.js'
import { findInterposed, planSignals, type SignalModule, type SignalPlan } from '../../../src/target/signals/plan.js'
import type { ResidentSignals } from '../../../src/target/signals/resident-signals.js'
import type { TargetProcess } from '../../../src/target/target-process.js'

/** Everything up to the stop. */
export async function planFor(door: KernelDoor, target: TargetProcess): Promise<SignalPlan | Refusal> {
  const catalog = new ModuleCatalog(target, () => {})
  const modules: SignalModule[] = []
  for (const mapped of catalog.modules()) {
    const module = await catalog.load(mapped)
    if (isRefusal(module)) return module
    const facts = module.facts()
    if (isRefusal(facts)) return facts
    const { path, bias, start, end } = module
    modules.push({ path, bias, start, end, facts })
  }
  const virtual = chooseSignals(target)
  if (isRefusal(virtual)) return virtual
  const found = findInterposed(modules, target.entry)
  if (isRefusal(found)) return found
  return planSignals(found, { arch: x64, maps: target.maps(), owner: thisProcess(door), virtual })
}

export async function installIn(door: KernelDoor, target: TargetProcess): Promise<ResidentSignals | Refusal> {
  const plan = await planFor(door, target)
  return isRefusal(plan) ? plan : installSignals(target, plan)
}
