import type { Mechanism } from '../../probe/mechanism.js'
import type { Host } from '../../trampolines/host.js'
import { planCounting } from '../../trampolines/trampoline-mechanism.js'
import { trapStyle } from '../../trampolines/trap-style.js'
import { signalTraits } from './signal-traits.js'

/** `int3`, taken by a SIGTRAP handler that lives in the area: any instruction, and nobody traces the target. */
export function signalMechanism(host: Host): Mechanism {
  return {
    traits: signalTraits,
    style: trapStyle,
    prepare: () => host.signals.prepare(),
    plan: (modules) => planCounting(host, trapStyle, modules),
  }
}
