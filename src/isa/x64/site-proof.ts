import { hex, type Vaddr, vaddr } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import { isRefusal, type Refusal } from '../../refusal/refusal.js'
import type { CodeFacts, FunctionBounds } from '../code-facts.js'
import type { ModuleAnalysis, SiteAnalysis, WindowLength } from '../site-analysis.js'
import { scanAddresses } from './address-scan.js'
import { referenceInto } from './branch-proof.js'
import { type DecodedModule, decodedModule } from './decoded-module.js'
import { ownerOf } from './entry-proof.js'
import { unknownJump } from './indirect-proof.js'
import { leadsTo } from './lead-in.js'
import { liveness } from './liveness.js'
import { suspendedInside } from './preemption-proof.js'
import { type References, scanReferences } from './reference-scan.js'
import { relocatable } from './relocate.js'
import { restartedInside } from './restartable-proof.js'
import { labelInto } from './symbol-proof.js'
import { scanTables, type TableEntries, tableEntryInto } from './table-proof.js'
import { type Window, windowBits } from './window-bits.js'
import { type WindowShape, windowShape } from './window-shape.js'

/**
 * Prepares the window proof for some sites of a module. Safe means: after the jump is written, no thread can begin to
 * execute at any byte that it overwrote, other than the site itself. The steps ask in turn who could: a symbol or
 * table, a return, a direct branch from anywhere, an indirect jump, a runtime that had suspended it. Nor may the kernel
 * watch over the thread there, as it does in restartable sequences.
 */
export function analyseModule(
  facts: CodeFacts,
  sites: readonly Vaddr[],
  windowLength: WindowLength,
  returns: ReadonlySet<Vaddr> = new Set(),
): ModuleAnalysis {
  const module = decodedModule(facts)
  const leads = new Map(sites.map((site) => [site, returns.has(site) ? leadsOf(module, site, windowLength) : [0]]))
  const windows = [...leads].flatMap(([site, each]) => each.map((lead) => windowOf(site, lead, windowLength)))
  const intruders = findIntruders(module, hasInterior(windowLength) ? windows : [])
  return {
    leadsTo: (site) => leads.get(site) ?? [0],
    analyse(site, lead = 0) {
      assert(
        leads.get(site)?.includes(lead) === true,
        `the module was not scanned for branches into a window at ${hex(site)}`,
      )
      const bounds = ownerOf(module.code, site)
      return isRefusal(bounds) ? bounds : prove(module, intruders, bounds, { site, lead, windowLength })
    },
  }
}

function leadsOf(module: DecodedModule, site: Vaddr, windowLength: WindowLength): number[] {
  const bounds = ownerOf(module.code, site)
  return isRefusal(bounds) ? [0] : leadsTo(module.code, bounds, site, windowLength)
}

/** What the jump overwrites, and all up to the site: who came in between would miss the handler. */
function windowOf(site: Vaddr, lead: number, windowLength: WindowLength): Window {
  return { start: site - lead, length: Math.max(windowLength, lead + 1) }
}

interface WantedWindow {
  readonly site: Vaddr
  readonly lead: number
  readonly windowLength: WindowLength
}

/** Of one byte nobody can begin to execute in the middle. */
function hasInterior(windowLength: WindowLength): boolean {
  return windowLength > 1
}

/** What the whole module has that may lead into a wanted window. */
interface Intruders {
  readonly references: References
  readonly tables: TableEntries
}

function findIntruders(module: DecodedModule, wanted: readonly Window[]): Intruders {
  if (wanted.length === 0) return { references: new Map(), tables: new Map() }
  const { text, data } = module.code.facts
  const windows = windowBits(text, wanted)
  const references = scanReferences(text, windows)
  if (module.code.fixedAddress) scanAddresses(text, data, windows, references)
  return { references, tables: scanTables(module, windows) }
}

function prove(
  module: DecodedModule,
  intruders: Intruders,
  bounds: FunctionBounds,
  { site, lead, windowLength }: WantedWindow,
): SiteAnalysis | Refusal {
  const window = windowOf(site, lead, windowLength)
  const start = vaddr(window.start)
  const shape = windowShape(module.code, bounds, start, windowLength, lead)
  if (isRefusal(shape)) return shape
  const watched = restartedInside(module.code, start, shape)
  if (watched !== undefined) return watched
  const intruder = hasInterior(windowLength) && whoComesInside(module, intruders, bounds, window, shape)
  if (intruder) return intruder
  const { displaced, displacedLength, padding, fallsThrough } = shape
  const analysis: SiteAnalysis = {
    kind: 'site',
    site: start,
    lead,
    windowLength,
    displaced,
    displacedLength,
    padding,
    fallsThrough,
    ...liveness(module.code, bounds, site),
  }
  return relocatable(analysis) ?? analysis
}

function whoComesInside(
  module: DecodedModule,
  { references, tables }: Intruders,
  bounds: FunctionBounds,
  { start, length }: Window,
  shape: WindowShape,
): Refusal | undefined {
  return (
    labelInto(module.code, start, length) ??
    referenceInto(module, references, start, length) ??
    tableEntryInto(tables, start, shape) ??
    unknownJump(module, bounds) ??
    suspendedInside(module.code, start, length, shape)
  )
}
