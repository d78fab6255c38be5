import { hex, type Vaddr } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import { isRefusal, type Refusal } from '../../refusal/refusal.js'
import type { CodeFacts, FunctionBounds } from '../code-facts.js'
import type { JumpLength, ModuleAnalysis, SiteAnalysis } from '../site-analysis.js'
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
import { labelInto } from './symbol-proof.js'
import { scanTables, type TableEntries, tableEntryInto } from './table-proof.js'
import { windowBits } from './window-bits.js'
import { windowShape } from './window-shape.js'

/**
 * Prepares the window proof for some sites of a module. Safe means: after the jump is written, no thread can begin to
 * execute at any byte that it overwrote, other than the site itself. The steps ask in turn who could: a symbol or
 * table, a return, a direct branch from anywhere, an indirect jump, a runtime that had suspended it.
 */
export function analyseModule(facts: CodeFacts, sites: readonly Vaddr[], jumpLength: JumpLength): ModuleAnalysis {
  const module: DecodedModule = { code: moduleCode(facts), decoded: new Map() }
  const intruders = findIntruders(module, sites, jumpLength)
  const prepared = new Set(sites)
  return {
    analyse(site) {
      assert(prepared.has(site), `the module was not scanned for branches into a window at ${hex(site)}`)
      const bounds = ownerOf(module.code, site)
      return isRefusal(bounds) ? bounds : prove(module, intruders, bounds, site, jumpLength)
    },
  }
}

/** What the whole module has that may lead into a wanted window. */
interface Intruders {
  readonly references: References
  readonly tables: TableEntries
}

function findIntruders(module: DecodedModule, sites: readonly Vaddr[], jumpLength: JumpLength): Intruders {
  const { text, data } = module.code.facts
  const windows = windowBits(text, sites, jumpLength)
  const references = scanReferences(text, windows)
  if (module.code.fixedAddress) scanAddresses(text, data, windows, references)
  return { references, tables: scanTables(module, windows) }
}

function prove(
  module: DecodedModule,
  { references, tables }: Intruders,
  bounds: FunctionBounds,
  site: Vaddr,
  jumpLength: JumpLength,
): SiteAnalysis | Refusal {
  const shape = windowShape(module.code, bounds, site, jumpLength)
  if (isRefusal(shape)) return shape
  const intruder =
    labelInto(module.code, site, jumpLength) ??
    referenceInto(module, references, site, jumpLength) ??
    tableEntryInto(tables, site, shape) ??
    unknownJump(module, bounds) ??
    suspendedInside(module.code, site, jumpLength, shape)
  if (intruder !== undefined) return intruder
  const { displaced, displacedLength, padding, fallsThrough } = shape
  const analysis: SiteAnalysis = {
    kind: 'site',
    site,
    jumpLength,
    displaced,
    displacedLength,
    padding,
    fallsThrough,
    ...liveness(module.code, bounds, site),
  }
  return relocatable(analysis) ?? analysis
}
