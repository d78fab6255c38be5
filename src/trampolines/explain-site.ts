import { hex, offsetBy } from '../bytes/address.js'
import type { Architecture } from '../isa/site-analysis.js'
import type { SiteExplanation, WindowExplanation } from '../probe/mechanism.js'
import type { Site } from '../probe/site.js'
import type { PlacedEdit } from '../target/edit-set.js'
import type { AreaImage } from '../target/installation.js'
import type { ServedSite, TrampolinePlan } from './plan-trampolines.js'
import { windowStart } from './style-sites.js'

/** Says what a plan would write for a site, in bytes and words. Nothing for a site that it does not serve. */
export function explainerOf(plan: TrampolinePlan, arch: Architecture): (site: Site) => SiteExplanation {
  // Most plans are never asked.
  let known: ReadonlyMap<Site, SiteInPlan> | undefined
  return (site) => {
    known ??= sitesOf(plan)
    const found = known.get(site)
    if (found === undefined) return {}
    const { served, area, edit } = found
    return { window: windowOf(served, edit, arch), trampoline: disassembleTrampoline(arch, area, edit) }
  }
}

interface SiteInPlan {
  readonly served: ServedSite
  readonly area: AreaImage
  readonly edit: PlacedEdit
}

function sitesOf({ served, areas }: TrampolinePlan): ReadonlyMap<Site, SiteInPlan> {
  const placed = new Map(areas.flatMap((area) => area.edits.map((edit) => [edit.site, { area, edit }] as const)))
  const found = new Map<Site, SiteInPlan>()
  for (const each of served) {
    const place = placed.get(windowStart(each))
    if (place !== undefined) found.set(each.site, { served: each, ...place })
  }
  return found
}

function windowOf(served: ServedSite, { before, after }: PlacedEdit, arch: Architecture): WindowExplanation {
  const { analysis } = served
  const original = Buffer.concat(analysis.displaced.map(({ bytes }) => bytes))
  return {
    length: analysis.windowLength,
    before: spaced(before),
    after: spaced(after),
    displaced: arch.disassemble(original, windowStart(served)).map(line),
    flagsDead: analysis.flagsDead,
    deadRegisters: analysis.deadRegisters.map((register) => arch.registerNames[register] ?? `r${register}`),
  }
}

function disassembleTrampoline(arch: Architecture, area: AreaImage, edit: PlacedEdit): string[] {
  const code = area.bytes.subarray(edit.trampolineStart, edit.trampolineEnd)
  return arch.disassemble(code, offsetBy(area.address, edit.trampolineStart)).map(line)
}

function line({ address, bytes, text }: ReturnType<Architecture['disassemble']>[number]): string {
  return `${hex(address)}  ${spaced(bytes).padEnd(30)}  ${text}`
}

function spaced(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
}
