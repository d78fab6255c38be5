import { type Address, fileOffset, offsetBy, type Vaddr } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import type { PlacedProbe, Program } from '../ir/program.js'
import type { Span } from '../ir/statement.js'
import type { CodeFacts } from '../isa/code-facts.js'
import type { ReturnFinder } from '../isa/function-returns.js'
import type { Architecture } from '../isa/site-analysis.js'
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
  /** What runs at each site, in this order. */
  readonly at: ReadonlyMap<Address, readonly PlacedHandler[]>
  readonly resolved: ResolvedSites
  readonly missing: readonly MissingProbe[]
  /** Sites that the script names one by one, `module:symbol`: who asks so wants each of them. */
  readonly named: ReadonlyMap<string, Span>
}

/** A handler at a site. */
export interface PlacedHandler {
  /** Number of the attach point that it runs for. */
  readonly point: number
  /** Index into the program's handlers: the point's own, or the one that notes calls. */
  readonly handler: number
}

/** Expands the probes of a program; `resolve` knows the target. */
export async function programSites(
  program: Program,
  arch: Architecture,
  resolve: (pattern: string) => Promise<ResolvedSites | Refusal>,
): Promise<ProgramSites> {
  const found = new Found(arch, program.noteCall)
  for (const [handler, { probes }] of program.handlers.entries()) {
    for (const probe of probes) {
      if (probe.kind !== 'uprobe' && probe.kind !== 'uretprobe') found.addPlain(handler, probe)
      else found.addFunctions(handler, probe, await resolve(probe.pattern))
    }
  }
  return found
}

interface WantedProbe {
  readonly handler: number
  readonly request: PlacedProbe & { readonly pattern: string }
  /** Whether it names one site. */
  readonly isNamed: boolean
}

class Found implements ProgramSites {
  readonly points: AttachPoint[] = []
  readonly at = new Map<Address, PlacedHandler[]>()
  readonly missing: MissingProbe[] = []
  readonly named = new Map<string, Span>()
  readonly #refused: RefusedSite[] = []
  readonly #modules: ModuleSites[] = []
  readonly #returnFinders = new Map<CodeFacts, ReturnFinder>()

  constructor(
    private readonly arch: Architecture,
    private readonly noteCall: number | undefined,
  ) {}

  get resolved(): ResolvedSites {
    return { modules: joinModules(this.#modules), refused: this.#refused }
  }

  addPlain(handler: number, request: PlacedProbe): void {
    const facts = { handler, request, site: undefined, returns: [], isEntry: false, probe: request.text, function: '' }
    this.points.push(facts)
  }

  addFunctions(
    handler: number,
    request: PlacedProbe & { readonly pattern: string },
    resolved: ResolvedSites | Refusal,
  ): void {
    if (isRefusal(resolved)) {
      this.missing.push({ span: request.span, refusal: resolved })
      return
    }
    const pattern = parsePattern(request.pattern)
    const wanted = { handler, request, isNamed: !isRefusal(pattern) && namesOne(pattern) }
    this.#refuse(wanted, resolved.refused)
    for (const module of resolved.modules) {
      const sites = module.sites.flatMap((site) => this.#addFunction(wanted, module, site))
      this.#modules.push({ ...module, sites })
    }
  }

  /** The sites that the probe of a function takes. */
  #addFunction(wanted: WantedProbe, module: ModuleSites, site: Site): readonly Site[] {
    const returns = wanted.request.kind === 'uretprobe' ? this.#returnsOf(module, site) : []
    if (isRefusal(returns)) {
      this.#refuse(wanted, [{ site, refusal: returns }])
      return []
    }
    const sites = [site, ...returns]
    if (wanted.isNamed) for (const { key } of sites) this.named.set(key, wanted.request.span)
    this.#addPoint(wanted, module, site, returns)
    return sites
  }

  #returnsOf({ facts }: ModuleSites, site: Site): Site[] | Refusal {
    const find = this.#returnFinders.get(facts) ?? this.arch.returnFinder(facts)
    this.#returnFinders.set(facts, find)
    const returns = find(site.vaddr)
    return isRefusal(returns) ? returns : returns.at.map((at) => siteInFunction(site, at))
  }

  /** A call is noted where it begins, so that its return can be told from others at the same instruction. */
  #addPoint({ handler, request }: WantedProbe, module: ModuleSites, site: Site, returns: readonly Site[]): void {
    const keys = returns.map(({ key }) => key)
    const facts = { handler, request, site: site.key, returns: keys, ...described(request, module, site) }
    const point = this.points.push(facts) - 1
    const atEntry = request.kind === 'uretprobe' ? this.noteCall : handler
    assert(atEntry !== undefined, 'programs with probes of returns note calls')
    this.#run(site, { point, handler: atEntry })
    for (const each of returns) this.#run(each, { point, handler })
  }

  #run({ address }: Site, placed: PlacedHandler): void {
    this.at.set(address, [...(this.at.get(address) ?? []), placed])
  }

  #refuse({ request: { span }, isNamed }: WantedProbe, refused: readonly RefusedSite[]): void {
    if (isNamed) this.missing.push(...refused.map(({ refusal }) => ({ span, refusal })))
    else this.#refused.push(...refused)
  }
}

/** Where the function that begins at a site returns. */
export function siteInFunction({ key, vaddr, fileOffset: entry, address }: Site, at: Vaddr): Site {
  const offset = at - vaddr
  return {
    key: `${key}${offset < 0 ? '' : '+'}${offset}`,
    vaddr: at,
    fileOffset: fileOffset(entry + offset),
    address: offsetBy(address, offset),
    isReturn: true,
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
