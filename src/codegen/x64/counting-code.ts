import { type Address, offsetBy } from '../../bytes/address.js'
import type { ResumeExit, ResumePoint } from '../../isa/site-analysis.js'
import { isRefusal, type Refusal } from '../../refusal/refusal.js'
import { type CounterLayout, counterOffset } from '../../store/counter-layout.js'
import { Assembler, type Label } from './assembler.js'
import type { CounterForm, CounterSupport } from './counter-form.js'
import { type DeadState, emitPreserving } from './preserve.js'

/** Code relocated by the architecture: see RelocatedCode. */
export interface DisplacedCode {
  readonly bytes: Uint8Array
  readonly points: readonly ResumePoint[]
  readonly exits: readonly ResumeExit[]
}

/** One site's part in an area. */
export interface CountedSite extends DeadState {
  /** Index of its counter. */
  readonly index: number
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

export interface CountingCode {
  readonly code: Buffer
  readonly trampolines: readonly Trampoline[]
  /** Sites that could not be relocated to this place, by index. */
  readonly refused: ReadonlyMap<number, Refusal>
}

/** Cache lines are fetched whole; a trampoline that begins one wastes none. */
const ALIGNMENT = 16

/** All trampolines of one area, hot parts first, then the cold ones and what they share. Deterministic. */
export function emitCountingCode(
  base: Address,
  blocksAddress: Address,
  layout: CounterLayout,
  form: CounterForm,
  sites: readonly CountedSite[],
): CountingCode {
  const asm = new Assembler(base)
  const support: CounterSupport = { layout, blocks: newLabel(), slow: newLabel() }
  asm.bind(support.blocks)
  asm.quad(blocksAddress)
  const trampolines: Trampoline[] = []
  const refused = new Map<number, Refusal>()
  const coldParts: (() => void)[] = []
  for (const site of sites) {
    const made = emitTrampoline(asm, site, form, support, coldParts)
    if (isRefusal(made)) refused.set(site.index, made)
    else trampolines.push(made)
  }
  for (const emitCold of coldParts) emitCold()
  form.emitSupport(asm, support)
  return { code: asm.finish(), trampolines, refused }
}

function emitTrampoline(
  asm: Assembler,
  site: CountedSite,
  form: CounterForm,
  support: CounterSupport,
  coldParts: (() => void)[],
): Trampoline | Refusal {
  asm.align(ALIGNMENT)
  const start = asm.position
  emitPreserving(asm, site, form.scratchRegisters, ({ scratch, redZone }) => {
    const cold = form.emitIncrement({ asm, support, scratch, redZone, counterOffset: counterOffset(site.index) })
    if (cold !== undefined) coldParts.push(cold)
  })
  const body = asm.position
  const displaced = site.relocate(offsetBy(asm.base, body))
  if (isRefusal(displaced)) return displaced
  asm.append(displaced.bytes)
  return {
    index: site.index,
    start,
    end: asm.position,
    points: moved(displaced.points, body),
    exits: moved(displaced.exits, body),
  }
}

function moved<T extends { readonly relocated: number }>(places: readonly T[], by: number): T[] {
  return places.map((place) => ({ ...place, relocated: place.relocated + by }))
}

function newLabel(): Label {
  return { position: undefined }
}
