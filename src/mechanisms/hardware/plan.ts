import type { Address } from '../../bytes/address.js'
import type { Architecture } from '../../isa/site-analysis.js'
import type { BreakpointEvent } from '../../kernel/perf-event.js'
import type { ModuleSites } from '../../probe/site.js'
import type { Watchpoint } from '../../probe/watchpoint.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'

/** DR0–DR3. */
export const DEBUG_REGISTERS = 4

/** What one debug register is set to, in every thread. */
export interface Breakpoint extends Omit<BreakpointEvent, 'sampled'> {
  /** `module:symbol`, or the watchpoint as the user wrote it. */
  readonly key: string
}

export interface HardwarePlan {
  readonly served: readonly Breakpoint[]
  readonly refused: readonly { readonly key: string; readonly refusal: Refusal }[]
}

interface Wanted {
  readonly breakpoint: Breakpoint
  check(): Refusal | undefined
}

/**
 * Decides what the four debug registers are used for: first watchpoints, which nothing else serves, then sites, in the
 * order given. Pure.
 */
export function planHardware(
  modules: readonly ModuleSites[],
  watchpoints: readonly Watchpoint[],
  arch: Architecture,
): HardwarePlan {
  const served: Breakpoint[] = []
  const refused: { key: string; refusal: Refusal }[] = []
  for (const { breakpoint, check } of [...watchpoints.map(watched), ...modules.flatMap((each) => probed(each, arch))]) {
    const { key } = breakpoint
    const refusal = served.length < DEBUG_REGISTERS ? check() : exhausted(key)
    if (isRefusal(refusal)) refused.push({ key, refusal })
    else served.push(breakpoint)
  }
  return { served, refused }
}

function watched({ text, address, length, access }: Watchpoint): Wanted {
  return { breakpoint: { key: text.trim(), access, address, length }, check: () => undefined }
}

function probed({ facts, sites }: ModuleSites, arch: Architecture): Wanted[] {
  return sites.map(({ key, address, vaddr }) => ({
    breakpoint: onInstruction(key, address),
    check: () => {
      const refusal = arch.checkBoundary(facts, vaddr)
      // A breakpoint changes nothing: where nobody knows of instructions, the user may.
      return refusal?.code === 'unknown-boundaries' ? undefined : refusal
    },
  }))
}

/** A breakpoint on an instruction: it is noticed before it is executed. */
export function onInstruction(key: string, address: Address): Breakpoint {
  return { key, access: 'execute', address, length: 8 }
}

function exhausted(key: string): Refusal {
  return refuse(
    'hardware-exhausted',
    `${key}: the processor has four debug registers, and other probes of this command take them all`,
  )
}
