import { breakpointMechanism, breakpointTraits } from '../mechanisms/breakpoint/breakpoint-mechanism.js'
import { type ResumeChoice, resumeChoices } from '../mechanisms/breakpoint/choose-resume.js'
import { hardwareMechanism, hardwareTraits } from '../mechanisms/hardware/hardware-mechanism.js'
import { jumpMechanism, jumpTraits } from '../mechanisms/jump/jump-mechanism.js'
import { signalMechanism, signalTraits } from '../mechanisms/signal/signal-mechanism.js'
import type { Mechanism, MechanismTraits } from '../probe/mechanism.js'
import type { Host } from '../trampolines/host.js'

/** What users choose between: `auto`, or one mechanism for everything. */
export const viaChoices = ['auto', 'jump', 'signal', 'breakpoint', 'hardware'] as const

export type Via = (typeof viaChoices)[number]

/** All there are, the cheapest first. */
export const mechanisms: readonly MechanismTraits[] = [jumpTraits, signalTraits, breakpointTraits, hardwareTraits]

export { type ResumeChoice, resumeChoices }

/** How threads are to be caught. */
export interface CatchOptions {
  readonly via?: Via
  /** How `breakpoint` executes the instruction that it has displaced. */
  readonly resume?: ResumeChoice
  /** Places of each area for copies that are stepped through, one thread at a time. */
  readonly slots?: number
  /** Whether the tracer of `breakpoint` goes to the processor of a thread that hits all the time. On by default. */
  readonly follow?: boolean
}

const SLOTS = 16

/** These options alone, out of a larger object. */
export function catching(options: CatchOptions): Required<CatchOptions> {
  const { via = 'auto', resume = 'auto', slots = SLOTS, follow = true } = options
  return { via, resume, slots, follow }
}

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
