import { type Address, offsetBy } from '../bytes/address.js'
import type { ResumeExit, ResumePoint } from '../isa/site-analysis.js'
import { floor } from './floor.js'
import type { ManifestEdit } from './manifest.js'

/** An edit with its trampoline's address in the target. */
export interface PlacedEdit extends ManifestEdit {
  readonly trampoline: Address
}

/** The edits of one or more areas, for looking up where an instruction pointer has to go. */
export class EditSet {
  private readonly bySite: readonly PlacedEdit[]
  private readonly byTrampoline: readonly PlacedEdit[]

  constructor(
    edits: readonly PlacedEdit[],
    readonly areas: readonly { readonly start: Address; readonly end: Address }[],
  ) {
    this.bySite = edits.toSorted((a, b) => compare(a.site, b.site))
    this.byTrampoline = edits.toSorted((a, b) => compare(a.trampoline, b.trampoline))
  }

  get edits(): readonly PlacedEdit[] {
    return this.bySite
  }

  /** Where a thread inside a window must go when the jump is written: undefined when it is in no window's interior. */
  intoTrampoline(rip: Address): Address | undefined {
    const edit = floor(this.bySite, rip, (each) => each.site)
    if (edit === undefined || rip === edit.site) return undefined
    const original = Number(rip - edit.site)
    const point = edit.points.find((each) => each.original === original)
    return point === undefined || original >= edit.after.length ? undefined : offsetBy(edit.trampoline, point.relocated)
  }

  /** Where a thread in a trampoline must go when the jump is gone: undefined when it is between two such points. */
  outOfTrampoline(rip: Address): Address | undefined {
    const edit = floor(this.byTrampoline, rip, (each) => each.trampoline)
    if (edit === undefined) return undefined
    const relocated = Number(rip - edit.trampoline)
    if (relocated === 0) return edit.site
    const point = edit.points.find((each) => each.relocated === relocated)
    return point === undefined ? undefined : offsetBy(edit.site, point.original)
  }

  /** Whether a trampoline begins there. */
  isStart(rip: Address): boolean {
    return floor(this.byTrampoline, rip, (each) => each.trampoline)?.trampoline === rip
  }

  /** How a thread in the middle of a moved instruction gets out. */
  exitAt(rip: Address): { readonly site: Address; readonly exit: ResumeExit } | undefined {
    const edit = floor(this.byTrampoline, rip, (each) => each.trampoline)
    const exit = edit?.exits.find(({ relocated }) => offsetBy(edit.trampoline, relocated) === rip)
    return edit === undefined || exit === undefined ? undefined : { site: edit.site, exit }
  }

  /**
   * Where the handler begins that an address lies in, and the instruction before which it runs. That one has two places in the
   * trampoline: where the handler begins, and behind it.
   */
  inHandler(rip: Address): { readonly start: Address; readonly instruction: Address } | undefined {
    const edit = floor(this.byTrampoline, rip, (each) => each.trampoline)
    if (edit === undefined) return undefined
    const [start = BEGINNING, behind = start] = handlerPlaces(edit)
    const isInside = rip < offsetBy(edit.trampoline, behind.relocated)
    if (!isInside || rip < offsetBy(edit.trampoline, start.relocated)) return undefined
    return { start: offsetBy(edit.trampoline, start.relocated), instruction: offsetBy(edit.site, start.original) }
  }

  /** Whether an address lies in any of the areas. */
  inArea(rip: Address): boolean {
    return this.areas.some((area) => area.start <= rip && rip < area.end)
  }

  /** Whether an address lies strictly inside what a jump overwrites. */
  inWindow(rip: Address): boolean {
    const edit = floor(this.bySite, rip, (each) => each.site)
    return edit !== undefined && rip !== edit.site && rip - edit.site < BigInt(edit.after.length)
  }
}

const BEGINNING: ResumePoint = { original: 0, relocated: 0 }

/** A handler that comes first begins with the trampoline, which is no point of its own. */
function handlerPlaces({ points }: PlacedEdit): ResumePoint[] {
  const all = points.some(({ relocated }) => relocated === 0) ? points : [BEGINNING, ...points]
  return all.filter(({ original }) => all.filter((other) => other.original === original).length === 2)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
