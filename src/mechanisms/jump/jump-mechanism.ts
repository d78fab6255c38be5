import type { Mechanism } from '../../probe/mechanism.js'
import type { PatchStyle } from '../../probe/patch-style.js'
import type { Host } from '../../trampolines/host.js'
import { planCounting } from '../../trampolines/trampoline-mechanism.js'
import { jumpTraits } from './jump-traits.js'

/** `jmp rel32` into an area near the module, or `jmp *0(%rip); .quad`, which reaches anywhere. */
const jumpStyle: PatchStyle = {
  windowLength: (near) => (near ? 5 : 14),
  bySignal: false,
  encode: (arch, site, trampoline, near) => arch.encodeJump(site, trampoline, near ? 5 : 14),
}

/** A jump into the area: the thread never leaves ring 3, and nobody traces it. */
export function jumpMechanism(host: Host): Mechanism {
  return {
    traits: jumpTraits,
    style: jumpStyle,
    plan: (modules) => planCounting(host, jumpStyle, modules),
  }
}
