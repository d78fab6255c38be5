import { hex, offsetBy } from '../bytes/address.js'
import type { Architecture } from '../isa/site-analysis.js'
import type { JumpPlan, JumpSite } from '../mechanisms/jump/plan.js'
import type { ModuleSites, RefusedSite } from '../probe/site.js'
import type { PlacedEdit } from '../target/edit-set.js'
import type { AreaImage } from '../target/installation.js'
import type { Explanation } from './session-types.js'

/** Everything that was decided about the sites of a plan, in words and bytes. */
export function explainPlan(
  plan: JumpPlan,
  arch: Architecture,
  modules: readonly ModuleSites[],
  refused: readonly RefusedSite[],
): Explanation[] {
  const pathOf = new Map(modules.flatMap(({ path, sites }) => sites.map((site) => [site, path] as const)))
  const editOf = new Map(plan.areas.flatMap((area) => area.edits.map((edit) => [edit.site, { area, edit }] as const)))
  const served = plan.served.map((each) =>
    explainServed(each, arch, pathOf.get(each.site) ?? '', editOf.get(each.site.address)),
  )
  const not = [...refused, ...plan.refused].map((each) => explainRefused(each, pathOf.get(each.site) ?? ''))
  return [...served, ...not]
}

function explainRefused({ site, refusal: { code, because } }: RefusedSite, path: string): Explanation {
  return { ...identify(site, path), verdicts: [{ mechanism: 'jump', chosen: false, refused: { code, because } }] }
}

function explainServed(
  { site, analysis }: JumpSite,
  arch: Architecture,
  path: string,
  placed: { readonly area: AreaImage; readonly edit: PlacedEdit } | undefined,
): Explanation {
  const original = Buffer.concat(analysis.displaced.map(({ bytes }) => bytes))
  const window = placed && {
    length: analysis.jumpLength,
    before: spaced(placed.edit.before),
    after: spaced(placed.edit.after),
    displaced: arch.disassemble(original, site.address).map(line),
    flagsDead: analysis.flagsDead,
    deadRegisters: analysis.deadRegisters.map((register) => arch.registerNames[register] ?? `r${register}`),
  }
  const verdicts = [{ mechanism: 'jump', chosen: true }]
  return placed === undefined || window === undefined
    ? { ...identify(site, path), verdicts }
    : { ...identify(site, path), verdicts, window, trampoline: disassembleTrampoline(arch, placed.area, placed.edit) }
}

function identify(site: JumpSite['site'], path: string): Pick<Explanation, 'site' | 'address' | 'file' | 'fileOffset'> {
  return { site: site.key, address: hex(site.address), file: path, fileOffset: hex(site.fileOffset) }
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
