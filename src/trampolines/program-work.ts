import { type Address, address, offsetBy } from '../bytes/address.js'
import { constantKeys } from '../codegen/x64/program/constant-keys.js'
import type { Machine } from '../codegen/x64/program/emission.js'
import { handlerCode, type SiteHandler } from '../codegen/x64/program/handler-code.js'
import { emitTrampolines } from '../codegen/x64/trampolines.js'
import type { ProgramCode } from '../probe/program-plan.js'
import type { ModuleSites } from '../probe/site.js'
import type { Refusal } from '../refusal/refusal.js'
import { type ProgramClock, programHead } from '../store/program-head.js'
import { type ProgramLayout, type ProgramShape, programLayout } from '../store/program-layout.js'
import type { PlacedBytes } from '../target/area.js'
import type { AreaCode, HitData, HitWork } from './hit-work.js'
import { StackTables } from './stack-tables.js'

/** A program's data in a target. */
export interface ProgramHits extends HitData {
  readonly layout: ProgramLayout
  readonly stackTables: StackTables
}

/** What the machine code of a program takes. */
export interface ProgramWork extends HitWork<ProgramHits> {
  /** Whether it has instructions that may fault, so that signal handlers must know them. */
  readonly mayFault: boolean
}

/** The handlers of a program, generated once to see what they take; a refusal if there is no machine code for one. */
export function programWork(
  code: ProgramCode,
  modules: readonly ModuleSites[],
  machine: Machine,
  { shape, clock }: { readonly shape: ProgramShape; readonly clock: ProgramClock | undefined },
): ProgramWork | Refusal {
  const handlers = modules.flatMap(({ sites }) => sites.flatMap(({ address }) => code.handlersAt(address)))
  const layout = programLayout(code.program, shape, constantKeys(code.program, handlers))
  const seed = BigInt(Math.floor(Math.random() * 2 ** 48))
  const head = programHead(layout, { seed, clock, values: code.values })
  const codeAt = (dataAddress: Address) => handlerCode({ ...code, layout, dataAddress, machine })
  const stackTables = new StackTables(code, layout)
  const tail = (areas: readonly AreaCode[]): PlacedBytes | undefined => stackTables.first(areas)
  const sizes = new Map<string, number>()
  let mayFault = false
  for (const [key, site] of differentSites(code, modules)) {
    const { code: bytes, refused, fixups } = emitTrampolines(ANYWHERE, codeAt(DATA_ANYWHERE), [hardestSite(site)])
    const refusal = refused.get(0)
    if (refusal !== undefined) return refusal
    sizes.set(key, bytes.length + FIXUP_BYTES * fixups.length)
    mayFault ||= fixups.length > 0
  }
  return {
    bytesAt: (site) => sizes.get(sequenceAt(code, site)) ?? 0,
    areaBytes: 0,
    mayFault,
    dataFor: () => ({ layout, stackTables, size: layout.size, head, tail, codeAt }),
  }
}

/** Code is as long wherever it lies: addresses that need all their bytes. */
const ANYWHERE = address(0x5000_0000_0000n)
const DATA_ANYWHERE = offsetBy(ANYWHERE, 2 ** 31)
/** An entry of a table for signal handlers. */
const FIXUP_BYTES = 16

/** Nothing is dead, so that everything must be saved. */
function hardestSite(site: Address) {
  const relocate = () => ({ bytes: new Uint8Array(0), points: [], exits: [] })
  return { index: 0, address: site, lead: 0, flagsDead: false, deadRegisters: [], redZone: 128, relocate }
}

/** One site for each sequence of handlers, and those where the process ends. */
function differentSites(code: ProgramCode, modules: readonly ModuleSites[]): Map<string, Address> {
  const addresses = modules.flatMap(({ sites }) => sites.map(({ address }) => address))
  return new Map([...addresses, ...code.exits].map((site) => [sequenceAt(code, site), site]))
}

/** Sites with the same have code of the same length. */
function sequenceAt({ program, handlersAt, exits }: ProgramCode, site: Address): string {
  const numberOf = ({ handler, isFollowed }: SiteHandler): string =>
    `${program.handlers.indexOf(handler)}${isFollowed === true ? '→' : ''}`
  return [...handlersAt(site).map(numberOf), ...(exits.has(site) ? ['exit'] : [])].join()
}
