import { type Address, address, offsetBy, type Vaddr, vaddr } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import type { Architecture, ModuleAnalysis, SiteAnalysis, WindowLength } from '../isa/site-analysis.js'
import type { PassedStyle, PatchStyle, StyledSite } from '../probe/patch-style.js'
import type { ModuleSites, RefusedSite, Site } from '../probe/site.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { coversStub } from '../target/remote-call.js'
import { signalReturn } from './signal-return.js'

/** A site with the proof of its window. */
export interface AnalysedSite extends StyledSite {
  readonly analysis: SiteAnalysis
}

export interface StyleSituation {
  readonly arch: Architecture
  /** The first that a site allows is used there. */
  readonly styles: readonly PatchStyle[]
  /** Entry point of the executable, where remote calls are made from. */
  readonly entry: Address
}

/**
 * Finds the first style that each site of a module allows, in the order of addresses; who has none is refused with what the
 * first had to say, as it says most about the site. Pure.
 */
export function styleSites(
  module: ModuleSites,
  near: boolean,
  situation: StyleSituation,
): (AnalysedSite | RefusedSite)[] {
  const sites = module.sites.toSorted((a, b) => a.vaddr - b.vaddr)
  const trials = situation.styles.map((style, at) => {
    const isLast = at === situation.styles.length - 1
    return new Trial(module, sites, style, style.windowLength(near), isLast, situation)
  })
  let occupiedUntil = address(0)
  return sites.map((site, at) => {
    const passedOver: PassedStyle[] = []
    for (const trial of trials) {
      if (site.isOptional && passedOver.length > 0) break
      const analysis = trial.analyse(site, occupiedUntil, sites[at + 1])
      if (isRefusal(analysis)) {
        passedOver.push({ style: trial.style, refusal: analysis })
        continue
      }
      occupiedUntil = offsetBy(windowStart({ site, analysis }), Math.max(trial.windowLength, analysis.displacedLength))
      return { site, analysis, style: trial.style, passedOver }
    }
    const [first] = passedOver
    assert(first !== undefined, 'there is a style')
    return { site, refusal: first.refusal }
  })
}

/** Where a window begins. */
type WindowPlace = Pick<Site, 'key' | 'vaddr' | 'address'>

/** Where in the target the window of a site begins. */
export function windowStart({ site, analysis }: Pick<AnalysedSite, 'site' | 'analysis'>): Address {
  return offsetBy(site.address, -analysis.lead)
}

function vaddrsOf(sites: readonly Site[]): Vaddr[] {
  return sites.map(({ vaddr }) => vaddr)
}

/** One style, and what speaks against it in a module. */
class Trial {
  #prepared: ModuleAnalysis | undefined

  constructor(
    private readonly module: ModuleSites,
    private readonly sites: readonly Site[],
    readonly style: PatchStyle,
    readonly windowLength: WindowLength,
    private readonly isLast: boolean,
    private readonly situation: StyleSituation,
  ) {}

  /** The first of the windows that the site may have which nothing speaks against; else what speaks against the nearest. */
  analyse(site: Site, occupiedUntil: Address, next: Site | undefined): SiteAnalysis | Refusal {
    const analysis = this.#analysis()
    let nearest: Refusal | undefined
    for (const lead of analysis.leadsTo(site.vaddr)) {
      const window = { key: site.key, vaddr: vaddr(site.vaddr - lead), address: offsetBy(site.address, -lead) }
      const own =
        this.#reserved(window, occupiedUntil, next) ??
        signalReturn(this.module.facts, window, this.windowLength) ??
        analysis.analyse(site.vaddr, lead)
      if (!isRefusal(own)) return own
      nearest ??= own
    }
    assert(nearest !== undefined, 'a window may begin at its site')
    return nearest
  }

  /** Later styles are asked about few sites, or none. */
  #analysis(): ModuleAnalysis {
    this.#prepared ??= this.situation.arch.analyseModule(
      this.module.facts,
      vaddrsOf(this.sites),
      this.windowLength,
      new Set(vaddrsOf(this.sites.filter(({ isReturn }) => isReturn))),
    )
    return this.#prepared
  }

  #reserved(site: WindowPlace, occupiedUntil: Address, next: Site | undefined): Refusal | undefined {
    if (site.address < occupiedUntil)
      return refuse('window-overlap', `${site.key} begins inside the window of the probe before it`)
    if (!this.isLast && next !== undefined && next.address < offsetBy(site.address, this.windowLength))
      return refuse('window-overlap', `the probe ${next.key} is inside the window of ${site.key}`)
    if (coversStub(this.situation.entry, site.address, this.windowLength))
      return refuse(
        'entry-point',
        `${site.key} is the entry point: it has run already, and ring3 makes its remote calls there`,
      )
    return undefined
  }
}
