import { breakpointTraits } from '../mechanisms/breakpoint/breakpoint-traits.js'
import { hardwareTraits } from '../mechanisms/hardware/hardware-traits.js'
import { jumpTraits } from '../mechanisms/jump/jump-traits.js'
import { signalTraits } from '../mechanisms/signal/signal-traits.js'
import type { MechanismTraits } from '../probe/mechanism.js'

/** All mechanisms there are, the cheapest first. */
export const mechanisms: readonly MechanismTraits[] = [jumpTraits, signalTraits, breakpointTraits, hardwareTraits]
