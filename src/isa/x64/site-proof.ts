import { hex, type Vaddr } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import { isRefusal, type Refusal } from '../../refusal/refusal.js'
import type { CodeFacts, FunctionBounds } from '../code-facts.js'
import type { ModuleAnalysis, SiteAnalysis, WindowLength } from '../site-analysis.js'
import { scanAddresses } from './address-scan.js'
import { referenceInto } from './branch-proof.js'
import type { DecodedModule } from './decoded-module.js'
import { ownerOf } from './entry-proof.js'
import { unknownJump } from './indirect-proof.js'
import { liveness } from './liveness.js'
import { moduleCode } from './module-code.js'
import { suspendedInside } from './preemption-proof.js'
import { type References, scanReferences } from './reference-scan.js'
import { relocatable } from './relocate.js'
import { restartedInside } from './restartable-proof.js'
import { labelInto } from './symbol-proof.js'
import { scanTables, type TableEntries, tableEntryInto } from './table-proof.js'
import { windowBits } from './window-bits.js'
import { type WindowShape, windowShape } from './window-shape.js'

/**
 * Prepares the window proof for some sites of a module. Safe means: after the jump is written, no thread can begin to
 * execute at any byte that it overwrote, other than the site itself. The steps ask in turn who could: a symbol or
 * table, a return, a direct branch from anywhere, an indirect jump, a runtime that had suspended it. Nor may the kernel
 * watch over the thread there, as it does in restartable sequences.
 */
export function analyseModule(facts: CodeFacts, sites: readonly Vaddr[], windowLength: WindowLength): ModuleAnalysis {
  const module: DecodedModule = { code: moduleCode(facts), decoded: new Map() }
  const intruders = findIntruders(module, hasInterior(windowLength) ? sites : [], windowLength)
  const prepared = new Set(sites)
  return {
    analyse(site) {
      assert(prepared.has(site), `the module was not scanned for branches into a window at ${hex(site)}`)
      const bounds = ownerOf(module.code, site)
      return isRefusal(bounds) ? bounds : prove(module, intruders, bounds, site, windowLength)
    },
  }
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

function findIntruders(module: DecodedModule, sites: readonly Vaddr[], windowLength: WindowLength): Intruders {
  const { text, data } = module.code.facts
  const windows = windowBits(text, sites, windowLength)
  const references = scanReferences(text, windows)
  if (module.code.fixedAddress) scanAddresses(text, data, windows, references)
  return { references, tables: scanTables(module, windows) }
}

function prove(
  module: DecodedModule,
  intruders: Intruders,
  bounds: FunctionBounds,
  site: Vaddr,
  windowLength: WindowLength,
): SiteAnalysis | Refusal {
  const shape = windowShape(module.code, bounds, site, windowLength)
  if (isRefusal(shape)) return shape
  const watched = restartedInside(module.code, site, shape)
  if (watched !== undefined) return watched
  const intruder = hasInterior(windowLength) && whoComesInside(module, intruders, bounds, site, windowLength, shape)
  if (intruder) return intruder
  const { displaced, displacedLength, padding, fallsThrough } = shape
  const analysis: SiteAnalysis = {
    kind: 'site',
    site,
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
  site: Vaddr,
  windowLength: WindowLength,
  shape: WindowShape,
): Refusal | undefined {
  return (
    labelInto(module.code, site, windowLength) ??
    referenceInto(module, references, site, windowLength) ??
    tableEntryInto(tables, site, shape) ??
    unknownJump(module, bounds) ??
    suspendedInside(module.code, site, windowLength, shape)
  )
}
