import { type Address, offsetBy } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import type { ResumeExit, ResumePoint } from '../../isa/site-analysis.js'
import { isRefusal, type Refusal } from '../../refusal/refusal.js'
import { Assembler, type Label } from './assembler.js'
import type { HitCode, HitCoder } from './hit-code.js'
import type { DeadState } from './preserve.js'
import type { HandlerRow } from './program/stack-rows.js'

/** Code relocated by the architecture: see RelocatedCode. */
export interface DisplacedCode {
  readonly bytes: Uint8Array
  readonly points: readonly ResumePoint[]
  readonly exits: readonly ResumeExit[]
}

/** One site's part in an area. */
export interface TrampolineSite extends DeadState {
  /** Among the sites of all areas. */
  readonly index: number
  /** Of the instruction before which the handler runs. */
  readonly address: Address
  /** Bytes of displaced instructions that run before the handler does. What is behind it runs anywhere then. */
  readonly lead: number
  /** Encodes the displaced instructions, with the jump back, to run at `to`. */
  relocate(to: Address): DisplacedCode | Refusal
}

/** A trampoline within an area's code. Offsets from the beginning of the code. */
export interface Trampoline {
  readonly index: number
  readonly start: number
  readonly end: number
  /** Where a thread can be moved between the site and the trampoline: `relocated` counts from the code's beginning. */
  readonly points: readonly ResumePoint[]
  /** Where a thread can only be moved out; `relocated` counts the same. */
  readonly exits: readonly ResumeExit[]
}

export interface TrampolineCode {
  readonly code: Buffer
  readonly trampolines: readonly Trampoline[]
  /** Sites that could not be relocated to this place, by index. */
  readonly refused: ReadonlyMap<number, Refusal>
  readonly fixups: readonly CodeFixup[]
  /** Of the code that is not displaced: see HitCode. */
  readonly rows: readonly HandlerRow[]
}

/** An instruction that may fault, and where the thread then goes on: offsets from the beginning of the code. */
export interface CodeFixup {
  readonly at: number
  readonly landing: number
}

/** Cache lines are fetched whole; a trampoline that begins one wastes none. */
const ALIGNMENT = 16

/** What is known of cold code takes 30 KB a handler until it is emitted: sites whose hot code lies together. */
const SITES_TOGETHER = 256

/**
 * All trampolines of one area: the hot parts of many sites, then their cold ones, and so on; at the end what all share.
 * Deterministic. Without `coder` they hold the displaced instructions only.
 */
export function emitTrampolines(
  base: Address,
  coder: HitCoder | undefined,
  sites: readonly TrampolineSite[],
): TrampolineCode {
  const asm = new Assembler(base)
  const hits = coder?.(asm)
  const trampolines: Trampoline[] = []
  const refused = new Map<number, Refusal>()
  for (const [at, site] of sites.entries()) {
    if (at > 0 && at % SITES_TOGETHER === 0) hits?.emitCold()
    const made = emitTrampoline(asm, site, hits)
    if (isRefusal(made)) refused.set(site.index, made)
    else trampolines.push(made)
  }
  hits?.emitRest()
  const code = asm.finish()
  const fixups = (hits?.fixups ?? []).map(({ at, landing }) => ({ at: positionOf(at), landing: positionOf(landing) }))
  return { code, trampolines, refused, fixups, rows: hits?.rows ?? [] }
}

function positionOf({ position }: Label): number {
  assert(position !== undefined, 'every label is bound')
  return position
}

function emitTrampoline(asm: Assembler, site: TrampolineSite, hits: HitCode | undefined): Trampoline | Refusal {
  asm.align(ALIGNMENT)
  return site.lead === 0 ? emitHandlerFirst(asm, site, hits) : emitHandlerAmid(asm, site, hits)
}

function emitHandlerFirst(asm: Assembler, site: TrampolineSite, hits: HitCode | undefined): Trampoline | Refusal {
  const start = asm.position
  const refusal = hits?.emitHit(site)
  if (refusal !== undefined) return refusal
  const body = asm.position
  const displaced = site.relocate(offsetBy(asm.base, body))
  if (isRefusal(displaced)) return displaced
  asm.append(displaced.bytes)
  const { points, exits } = displaced
  return { index: site.index, start, end: asm.position, points: moved(points, body), exits: moved(exits, body) }
}

/** A thread at the instruction behind the handler can be moved to the handler; in the trampoline it has two places. */
function emitHandlerAmid(asm: Assembler, site: TrampolineSite, hits: HitCode | undefined): Trampoline | Refusal {
  const start = asm.position
  const displaced = site.relocate(offsetBy(asm.base, start))
  if (isRefusal(displaced)) return displaced
  const { bytes, points, exits } = displaced
  const last = points.find(({ original }) => original === site.lead)
  assert(last !== undefined && last === points.at(-1), 'what follows the handler is one instruction')
  asm.append(bytes.subarray(0, last.relocated))
  const refusal = hits?.emitHit(site)
  if (refusal !== undefined) return refusal
  const body = asm.position
  asm.append(bytes.subarray(last.relocated))
  const behind: ResumePoint = { original: site.lead, relocated: body }
  return {
    index: site.index,
    start,
    end: asm.position,
    points: [...moved(points, start), behind],
    exits: moved(exits, start),
  }
}

function moved<T extends { readonly relocated: number }>(places: readonly T[], by: number): T[] {
  return places.map((place) => ({ ...place, relocated: place.relocated + by }))
}
