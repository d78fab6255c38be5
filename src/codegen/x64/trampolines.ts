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
export interface TrampolineSite extends DeadState {
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

export interface TrampolineCode {
  readonly code: Buffer
  readonly trampolines: readonly Trampoline[]
  /** Sites that could not be relocated to this place, by index. */
  readonly refused: ReadonlyMap<number, Refusal>
}

/** Cache lines are fetched whole; a trampoline that begins one wastes none. */
const ALIGNMENT = 16

/** How the trampolines of an area count. */
export interface Counting {
  readonly form: CounterForm
  readonly layout: CounterLayout
  readonly blocksAddress: Address
}

/**
 * All trampolines of one area, hot parts first, then the cold ones and what they share. Deterministic. Without `counting`
 * they hold the displaced instructions only.
 */
export function emitTrampolines(
  base: Address,
  counting: Counting | undefined,
  sites: readonly TrampolineSite[],
): TrampolineCode {
  const asm = new Assembler(base)
  const coldParts: (() => void)[] = []
  const support = counting && emitAddressWord(asm, counting)
  const trampolines: Trampoline[] = []
  const refused = new Map<number, Refusal>()
  for (const site of sites) {
    const emitHandler = (): void => {
      if (counting === undefined || support === undefined) return
      const cold = emitCount(asm, site, counting.form, support)
      if (cold !== undefined) coldParts.push(cold)
    }
    const made = emitTrampoline(asm, site, emitHandler)
    if (isRefusal(made)) refused.set(site.index, made)
    else trampolines.push(made)
  }
  for (const emitCold of coldParts) emitCold()
  if (support !== undefined) counting?.form.emitSupport(asm, support)
  return { code: asm.finish(), trampolines, refused }
}

function emitAddressWord(asm: Assembler, { layout, blocksAddress }: Counting): CounterSupport {
  const support: CounterSupport = { layout, blocks: newLabel(), slow: newLabel() }
  asm.bind(support.blocks)
  asm.quad(blocksAddress)
  return support
}

function emitCount(
  asm: Assembler,
  site: TrampolineSite,
  form: CounterForm,
  support: CounterSupport,
): (() => void) | undefined {
  let cold: (() => void) | undefined
  emitPreserving(asm, site, form.scratchRegisters, ({ scratch, redZone }) => {
    cold = form.emitIncrement({ asm, support, scratch, redZone, counterOffset: counterOffset(site.index) })
  })
  return cold
}

function emitTrampoline(asm: Assembler, site: TrampolineSite, emitHandler: () => void): Trampoline | Refusal {
  asm.align(ALIGNMENT)
  const start = asm.position
  emitHandler()
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
