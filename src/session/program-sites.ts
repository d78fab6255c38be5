import type { Address } from '../bytes/address.js'
import type { PlacedProbe, Program } from '../ir/program.js'
import type { Span } from '../ir/statement.js'
import { type ProbePattern, parsePattern } from '../probe/pattern.js'
import type { ModuleSites, RefusedSite, Site } from '../probe/site.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import type { AttachPoint } from '../runs/attach-point.js'
import { isLiteralGlob } from '../symbols/glob.js'
import { joinModules } from './join-modules.js'
import type { ResolvedSites } from './resolve-sites.js'

/** A probe of a script that cannot be had. */
export interface MissingProbe {
  readonly span: Span
  readonly refusal: Refusal
}

/** Where the handlers of a program are to run. */
export interface ProgramSites {
  /** In the order of the script; at one site they run in this order. */
  readonly points: readonly AttachPoint[]
  /** Numbers of points, by site. */
  readonly at: ReadonlyMap<Address, readonly number[]>
  readonly resolved: ResolvedSites
  readonly missing: readonly MissingProbe[]
  /** Sites that the script names one by one, `module:symbol`: who asks so wants each of them. */
  readonly named: ReadonlyMap<string, Span>
}

/** Expands the probes of a program; `resolve` knows the target. */
export async function programSites(
  program: Program,
  resolve: (pattern: string) => Promise<ResolvedSites | Refusal>,
): Promise<ProgramSites> {
  const found = new Found()
  for (const [handler, { probes }] of program.handlers.entries()) {
    for (const probe of probes) {
      if (probe.kind !== 'uprobe' && probe.kind !== 'uretprobe') found.addPlain(handler, probe)
      else found.addSites(handler, probe, await resolve(probe.pattern))
    }
  }
  return found
}

class Found implements ProgramSites {
  readonly points: AttachPoint[] = []
  readonly at = new Map<Address, number[]>()
  readonly missing: MissingProbe[] = []
  readonly named = new Map<string, Span>()
  readonly #refused: RefusedSite[] = []
  readonly #modules: ModuleSites[] = []

  get resolved(): ResolvedSites {
    return { modules: joinModules(this.#modules), refused: this.#refused }
  }

  addPlain(handler: number, request: PlacedProbe): void {
    this.points.push({ handler, request, site: undefined, isEntry: false, probe: request.text, function: '' })
  }

  addSites(
    handler: number,
    request: PlacedProbe & { readonly pattern: string },
    resolved: ResolvedSites | Refusal,
  ): void {
    if (isRefusal(resolved)) {
      this.missing.push({ span: request.span, refusal: resolved })
      return
    }
    const pattern = parsePattern(request.pattern)
    const isNamed = !isRefusal(pattern) && namesOne(pattern)
    this.#refuse(request, resolved.refused, isNamed)
    for (const module of resolved.modules) {
      this.#modules.push(module)
      for (const site of module.sites) {
        const point = this.points.push({ handler, request, site: site.key, ...described(request, module, site) }) - 1
        this.at.set(site.address, [...(this.at.get(site.address) ?? []), point])
        if (isNamed) this.named.set(site.key, request.span)
      }
    }
  }

  #refuse({ span }: PlacedProbe, refused: readonly RefusedSite[], isNamed: boolean): void {
    if (isNamed) this.missing.push(...refused.map(({ refusal }) => ({ span, refusal })))
    else this.#refused.push(...refused)
  }
}

function namesOne(pattern: ProbePattern): boolean {
  return isLiteralGlob(pattern.module) && (pattern.kind === 'file-offset' || isLiteralGlob(pattern.symbol))
}

type Described = Pick<AttachPoint, 'isEntry' | 'probe' | 'function'>

function described({ kind }: PlacedProbe, { path }: ModuleSites, { key }: Site): Described {
  const name = key.slice(key.indexOf(':') + 1)
  const isEntry = !/^0x|\+\d+$/.test(name)
  return { isEntry, probe: `${kind}:${path}:${name}`, function: name.replace(/\+\d+$/, '') }
}
