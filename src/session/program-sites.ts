import { type Address, fileOffset, offsetBy, type Vaddr } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import type { PlacedProbe, Program, WatchRequest } from '../ir/program.js'
import type { Span } from '../ir/statement.js'
import type { CodeFacts } from '../isa/code-facts.js'
import type {
  CallEnds,
  ExitFinder,
  FunctionExits,
  FunctionReturns,
  ReturnFinder,
  TailJump,
} from '../isa/function-returns.js'
import type { Architecture } from '../isa/site-analysis.js'
import { type ProbePattern, parsePattern } from '../probe/pattern.js'
import type { ModuleSites, RefusedSite, Site } from '../probe/site.js'
import { parseWatchpoint, type WatchedVariable, type Watchpoint, watchesTheSame } from '../probe/watchpoint.js'
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
  /** Accesses to data, each once. */
  readonly watched: readonly WatchedData[]
  readonly missing: readonly MissingProbe[]
  /** What is known of the functions of `call` probes. */
  readonly calls: readonly FoundCall[]
  /** Sites that the script names one by one, `module:symbol`: who asks so wants each of them. */
  readonly named: ReadonlyMap<Address, Span>
}

/** A function whose calls are probed. */
export interface FoundCall {
  readonly point: number
  readonly entry: Address
  readonly tailJumps: readonly { readonly at: Address; readonly to: Address | undefined }[]
}

/** What runs at accesses to data, in this order. */
export interface WatchedData {
  readonly watchpoint: Watchpoint
  readonly handlers: readonly PlacedHandler[]
}

/** A handler at a site. */
export interface PlacedHandler {
  /** Number of the attach point that it runs for. */
  readonly point: number
  /** Index into the program's handlers: the point's own, or the one that notes calls. */
  readonly handler: number
}

/** Knows the target. */
export interface ProbeResolver {
  functions(pattern: string): Promise<ResolvedSites | Refusal>
  data(asked: Watchpoint | WatchedVariable): Promise<Watchpoint | Refusal>
}

/** Expands the probes of a program. */
export async function programSites(
  program: Program,
  arch: Architecture,
  resolver: ProbeResolver,
): Promise<ProgramSites> {
  const found = new Found(arch, program)
  for (const pattern of program.calls?.without ?? []) found.leaveOut(await resolver.functions(pattern))
  for (const [handler, { probes }] of program.handlers.entries()) {
    for (const probe of probes) {
      if (probe.kind === 'watchpoint') found.addWatchpoint(handler, probe, await resolver.data(watched(probe)))
      else if (!('pattern' in probe)) found.addPlain(handler, probe)
      else
        for (const pattern of found.patternsOf(probe))
          found.addFunctions(handler, probe, await resolver.functions(pattern))
    }
  }
  return found
}

function watched({ pattern }: WatchRequest): Watchpoint | WatchedVariable {
  const asked = parseWatchpoint(pattern)
  assert(!isRefusal(asked), `${pattern} has been read before`)
  return asked
}

type FunctionProbe = PlacedProbe & { readonly pattern: string }

interface WantedProbe {
  readonly handler: number
  readonly request: FunctionProbe
  /** Whether it names one site. */
  readonly isNamed: boolean
}

interface PlacedSite {
  readonly site: Site
  readonly handler: number
}

class Found implements ProgramSites {
  readonly points: AttachPoint[] = []
  readonly at = new Map<Address, PlacedHandler[]>()
  readonly missing: MissingProbe[] = []
  readonly watched: (WatchedData & { readonly handlers: PlacedHandler[] })[] = []
  readonly named = new Map<Address, Span>()
  readonly #refused: RefusedSite[] = []
  readonly #modules: ModuleSites[] = []
  readonly calls: FoundCall[] = []
  readonly #returnFinders = new Map<CodeFacts, ReturnFinder>()
  readonly #exitFinders = new Map<CodeFacts, ExitFinder>()
  /** Beginnings of functions that have a `call` probe, or shall have none. */
  readonly #taken = new Set<Address>()
  /** Paths, and what the user calls them. */
  readonly #opened = new Map<string, string>()

  constructor(
    private readonly arch: Architecture,
    private readonly program: Program,
  ) {}

  get resolved(): ResolvedSites {
    return { modules: joinModules(this.#modules), refused: this.#refused }
  }

  /** What a probe asks for, now that those before it have been added. */
  patternsOf(request: FunctionProbe): string[] {
    const standsForOthers = 'modules' in request && request.modules === 'opened'
    return standsForOthers ? [...this.#opened.keys()].map((path) => `"${path}":*`) : [request.pattern]
  }

  /** @returns the number of the point. */
  addPlain(handler: number, request: PlacedProbe): number {
    const facts = {
      handler,
      request,
      site: undefined,
      isFollowed: false,
      isEntry: false,
      probe: request.text,
      function: '',
    }
    return this.points.push(facts) - 1
  }

  /** These functions are no `call` probes. What names none leaves none out. */
  leaveOut(resolved: ResolvedSites | Refusal): void {
    const modules = isRefusal(resolved) ? [] : resolved.modules
    for (const { sites } of modules) for (const { address } of sites) this.#taken.add(address)
  }

  addWatchpoint(handler: number, request: PlacedProbe, watchpoint: Watchpoint | Refusal): void {
    if (isRefusal(watchpoint)) {
      this.missing.push({ span: request.span, refusal: watchpoint })
      return
    }
    const placed = { point: this.addPlain(handler, request), handler }
    const known = this.watched.find((each) => watchesTheSame(each.watchpoint, watchpoint))
    if (known === undefined) this.watched.push({ watchpoint, handlers: [placed] })
    else known.handlers.push(placed)
  }

  addFunctions(handler: number, request: FunctionProbe, resolved: ResolvedSites | Refusal): void {
    if (isRefusal(resolved)) {
      this.missing.push({ span: request.span, refusal: resolved })
      return
    }
    const pattern = parsePattern(request.pattern)
    const wanted = { handler, request, isNamed: !isRefusal(pattern) && namesOne(pattern) }
    this.#refuse(wanted, resolved.refused)
    for (const module of resolved.modules) {
      const add = request.kind === 'call' ? this.#addCall : this.#addFunction
      const sites = module.sites.flatMap((site) => add.call(this, wanted, module, site))
      this.#modules.push({ ...module, sites })
    }
  }

  /** The sites of a function whose calls are probed, unless it is one already. */
  #addCall(wanted: WantedProbe, module: ModuleSites, site: Site): readonly Site[] {
    const ends = this.program.calls
    assert(ends !== undefined, 'programs with probes of calls say what runs where they end')
    if (this.#taken.has(site.address)) return []
    this.#taken.add(site.address)
    const exits = this.#exitsOf(module, site)
    if (isRefusal(exits)) {
      this.#refuse(wanted, [{ site, refusal: exits }])
      return []
    }
    const isOptional = !wanted.isNamed && 'isOptional' in wanted.request
    const key = `${this.#opened.get(module.path) ?? moduleOf(site)}:${functionOf(site)}`
    const entry: Site = { ...site, key, ...(isOptional && { isOptional }) }
    const returns = exits.returns.map((at) => siteInFunction(entry, at))
    const tails = exits.tailJumps.map(({ at }) => siteInFunction(entry, at))
    const sites = [entry, ...returns, ...tails]
    if (wanted.isNamed) for (const { address } of sites) this.named.set(address, wanted.request.span)
    if ('modules' in wanted.request && wanted.request.modules === 'open') this.#opened.set(module.path, moduleOf(site))
    const point = this.#pushPoint(wanted, module, entry, false)
    this.#run(entry, { point, handler: wanted.handler })
    for (const each of returns) this.#run(each, { point, handler: ends.atReturns })
    for (const each of tails) this.#run(each, { point, handler: ends.atTailJumps })
    this.calls.push({ point, entry: site.address, tailJumps: exits.tailJumps.map((jump) => placed(site, jump)) })
    return sites
  }

  #exitsOf({ facts }: ModuleSites, { vaddr }: Site): FunctionExits | Refusal {
    const find = this.#exitFinders.get(facts) ?? this.arch.exitFinder(facts)
    this.#exitFinders.set(facts, find)
    return find(vaddr)
  }

  /** The sites that the probe of a function takes. */
  #addFunction(wanted: WantedProbe, module: ModuleSites, site: Site): readonly Site[] {
    const returns = wanted.request.kind === 'uretprobe' ? this.#returnsOf(module, site) : undefined
    if (isRefusal(returns)) {
      this.#refuse(wanted, [{ site, refusal: returns }])
      return []
    }
    const isFollowed = returns !== undefined && returns.followed.length > 0
    const point = this.#pushPoint(wanted, module, site, isFollowed)
    const placed = returns === undefined ? [{ site, handler: wanted.handler }] : this.#placesOf(wanted, site, returns)
    for (const { site, handler } of placed) this.#run(site, { point, handler })
    const sites = placed.map(({ site }) => site)
    if (wanted.isNamed) for (const { address } of sites) this.named.set(address, wanted.request.span)
    return sites
  }

  #returnsOf({ facts }: ModuleSites, { vaddr }: Site): FunctionReturns | Refusal {
    const find = this.#returnFinders.get(facts) ?? this.arch.returnFinder(facts)
    this.#returnFinders.set(facts, find)
    return find(vaddr)
  }

  /**
   * What a probe of returns runs where. A call is noted where it begins, so that its return can be told from others at the same
   * instruction, and followed to where that is.
   */
  #placesOf({ handler }: WantedProbe, site: Site, returns: FunctionReturns): PlacedSite[] {
    const keeping = this.program.returns
    assert(keeping !== undefined, 'programs with probes of returns follow calls')
    const ends = ({ at, tailJumps }: CallEnds): PlacedSite[] => [
      ...tailJumps.map((jump) => ({ site: siteInFunction(site, jump), handler: keeping.atTailJumps })),
      ...at.map((each) => ({ site: siteInFunction(site, each), handler })),
    ]
    const followed = returns.followed.flatMap((other): PlacedSite[] => {
      const { isReturn: _, ...begin } = siteInFunction(site, other.begin)
      return [{ site: begin, handler: keeping.atFollowed }, ...ends(other)]
    })
    return [{ site, handler: keeping.atBeginnings }, ...ends(returns), ...followed.map(optional)]
  }

  /** @returns the point’s number */
  #pushPoint({ handler, request }: WantedProbe, module: ModuleSites, site: Site, isFollowed: boolean): number {
    const facts = { handler, request, site: site.key, isFollowed, ...described(request, module, site) }
    return this.points.push(facts) - 1
  }

  #run({ address }: Site, placed: PlacedHandler): void {
    this.at.set(address, [...(this.at.get(address) ?? []), placed])
  }

  #refuse({ request: { span }, isNamed }: WantedProbe, refused: readonly RefusedSite[]): void {
    if (isNamed) this.missing.push(...refused.map(({ refusal }) => ({ span, refusal })))
    else this.#refused.push(...refused)
  }
}

/** Nobody has named the function: where others call it often, only the cheapest mechanism will do. */
function optional({ site, handler }: PlacedSite): PlacedSite {
  return { site: { ...site, isOptional: true }, handler }
}

/** Where the function that begins at a site returns. */
export function siteInFunction({ key, vaddr, fileOffset: entry, address, ...others }: Site, at: Vaddr): Site {
  const offset = at - vaddr
  return {
    ...others,
    key: `${key}${offset < 0 ? '' : '+'}${offset}`,
    vaddr: at,
    fileOffset: fileOffset(entry + offset),
    address: offsetBy(address, offset),
    isReturn: true,
  }
}

function placed({ address, vaddr }: Site, { at, to }: TailJump): FoundCall['tailJumps'][number] {
  return { at: offsetBy(address, at - vaddr), to: to === undefined ? undefined : offsetBy(address, to - vaddr) }
}

/** Modules have no `:` in their names here: the user’s patterns would not have found them. */
function moduleOf({ key }: Site): string {
  return key.slice(0, key.indexOf(':'))
}

function functionOf({ key }: Site): string {
  return key.slice(key.indexOf(':') + 1)
}

function namesOne(pattern: ProbePattern): boolean {
  return isLiteralGlob(pattern.module) && (pattern.kind === 'file-offset' || isLiteralGlob(pattern.symbol))
}

type Described = Pick<AttachPoint, 'isEntry' | 'probe' | 'function'>

function described({ kind }: PlacedProbe, { path }: ModuleSites, site: Site): Described {
  const name = functionOf(site)
  const isEntry = !/^0x|\+\d+$/.test(name)
  return { isEntry, probe: `${kind}:${path}:${name}`, function: name.replace(/\+\d+$/, '') }
}
