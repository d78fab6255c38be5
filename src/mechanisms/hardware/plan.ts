import type { Address } from '../../bytes/address.js'
import type { CodeFacts } from '../../isa/code-facts.js'
import type { Architecture } from '../../isa/site-analysis.js'
import type { BreakpointEvent } from '../../kernel/perf-event.js'
import type { ModuleSites, RefusedSite, Site } from '../../probe/site.js'
import type { Watchpoint } from '../../probe/watchpoint.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'

/** DR0–DR3. */
export const DEBUG_REGISTERS = 4

/** What one debug register is set to, in every thread. */
export interface Breakpoint extends Omit<BreakpointEvent, 'sampled'> {
  /** `module:symbol`, or the watchpoint as the user wrote it. */
  readonly key: string
}

/** What the debug registers are used for. */
export interface HardwarePlan {
  /** At most four: of the watchpoints, then of the sites that are served. */
  readonly breakpoints: readonly Breakpoint[]
  readonly served: readonly Site[]
  readonly refused: readonly RefusedSite[]
  readonly refusedWatchpoints: readonly { readonly watchpoint: Watchpoint; readonly refusal: Refusal }[]
}

/** Watchpoints have the registers first, since nothing else serves them; then sites, in the order given. Pure. */
export function planHardware(
  modules: readonly ModuleSites[],
  watchpoints: readonly Watchpoint[],
  arch: Architecture,
): HardwarePlan {
  const watched = watchpoints.slice(0, DEBUG_REGISTERS).map(onAccess)
  const served: Site[] = []
  const refused: RefusedSite[] = []
  for (const { facts, sites } of modules) {
    for (const site of sites) {
      const isFree = watched.length + served.length < DEBUG_REGISTERS
      const refusal = isFree ? checkSite(arch, facts, site) : exhausted(site.key)
      if (refusal === undefined) served.push(site)
      else refused.push({ site, refusal })
    }
  }
  return {
    breakpoints: [...watched, ...served.map(({ key, address }) => onInstruction(key, address))],
    served,
    refused,
    refusedWatchpoints: watchpoints.slice(DEBUG_REGISTERS).map((watchpoint) => ({
      watchpoint,
      refusal: exhausted(watchpoint.text.trim()),
    })),
  }
}

/** A breakpoint changes nothing: where nobody knows of instructions, the user may. */
function checkSite(arch: Architecture, facts: CodeFacts, { vaddr }: Site): Refusal | undefined {
  const refusal = arch.checkBoundary(facts, vaddr)
  return refusal?.code === 'unknown-boundaries' ? undefined : refusal
}

function onAccess({ text, address, length, access }: Watchpoint): Breakpoint {
  return { key: text.trim(), access, address, length }
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
