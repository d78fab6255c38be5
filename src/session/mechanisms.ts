import { breakpointMechanism } from '../mechanisms/breakpoint/breakpoint-mechanism.js'
import { hardwareMechanism } from '../mechanisms/hardware/hardware-mechanism.js'
import { jumpMechanism } from '../mechanisms/jump/jump-mechanism.js'
import { signalMechanism } from '../mechanisms/signal/signal-mechanism.js'
import type { Mechanism } from '../probe/mechanism.js'
import type { Host } from '../trampolines/host.js'
import { type CatchOptions, catching } from './catch-options.js'

/** The mechanisms that may be tried in a target, the cheapest first. */
export function mechanismsFor(host: Host, options: CatchOptions): Mechanism[] {
  const { via, resume, slots, follow } = catching(options)
  const all = [
    jumpMechanism(host),
    signalMechanism(host),
    breakpointMechanism(host, { resume, slots, follow }),
    hardwareMechanism(host.target, host.arch),
  ]
  return all.filter(({ traits }) => (via === 'auto' ? traits.automatic : traits.name === via))
}
