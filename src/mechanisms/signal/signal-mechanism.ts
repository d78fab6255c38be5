import type { Mechanism, MechanismTraits } from '../../probe/mechanism.js'
import type { Host } from '../../trampolines/host.js'
import { planCounting } from '../../trampolines/trampoline-mechanism.js'
import { trapStyle } from '../../trampolines/trap-style.js'

export const signalTraits: MechanismTraits = {
  name: 'signal',
  caughtBy: 'int3, taken by a SIGTRAP handler that ring3 adds to the process',
  handlerIn: 'target',
  needs: 'the right to ptrace, while planting and taking out; SIGTRAP that nobody can block: see `sigtrap-blockable`',
  noticeable: 'text bytes, maps and signal handlers by way of /proc; microseconds',
  automatic: true,
}

/** `int3`, taken by a SIGTRAP handler that lives in the area: any instruction, and nobody traces the target. */
export function signalMechanism(host: Host): Mechanism {
  return {
    traits: signalTraits,
    style: trapStyle,
    prepare: () => host.signals.prepare(),
    plan: (modules) => planCounting(host, trapStyle, modules),
  }
}
