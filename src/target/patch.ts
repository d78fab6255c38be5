import { type Address, address, offsetBy, pageOf } from '../bytes/address.js'
import { insist } from '../kernel/insist.js'
import type { Memory } from './memory.js'

/** One change of bytes that are executed. Does not cross a page. */
export interface Edit {
  readonly site: Address
  readonly before: Uint8Array
  readonly after: Uint8Array
}

export type Direction = 'install' | 'remove'

/** What a patch did: the edits that were made, and those left out because the bytes there were not as expected. */
export interface Patched<E extends Edit> {
  readonly done: readonly E[]
  readonly unexpected: readonly E[]
}

/** All edits of one page with the bytes from the first to the last of them, as they are and as they shall be. */
interface PagePatch<E extends Edit> {
  readonly edits: readonly E[]
  readonly start: Address
  readonly current: Buffer
  readonly wanted: Buffer
  readonly unexpected: readonly E[]
}

/** A patch that has been worked out on the target's bytes before anything is stopped. */
export interface PreparedPatch<E extends Edit> {
  readonly direction: Direction
  readonly pages: readonly PagePatch<E>[]
}

/** Reads what is to be changed and works out every byte, so that nothing but copying is left to be done in the stop. */
export function preparePatch<E extends Edit>(
  memory: Memory,
  edits: readonly E[],
  direction: Direction,
): PreparedPatch<E> {
  const pages = pagesOf(edits)
  const contents = memory.readMany(pages.map(rangeOf))
  return { direction, pages: pages.map((page, index) => workOut(page, contents[index] ?? Buffer.alloc(0), direction)) }
}

/**
 * Makes the changes, page by page, so that every page changes at once; with all threads stopped. Bytes that are not as
 * expected are left alone: somebody else's. When the kernel refuses in the middle, what was written is put back.
 * @throws KernelError
 */
export function applyPatch<E extends Edit>(
  memory: Memory,
  { pages, direction }: PreparedPatch<E>,
  excluded: ReadonlySet<E> = new Set(),
): Patched<E> {
  const contents = memory.readMany(pages.map(({ start, current }) => ({ start, size: current.length })))
  const written: PagePatch<E>[] = []
  const unexpected: E[] = []
  try {
    for (const [index, prepared] of pages.entries()) {
      const page = bringUpToDate(prepared, contents[index] ?? prepared.current, direction, excluded)
      unexpected.push(...page.unexpected)
      if (!page.current.equals(page.wanted)) memory.write(page.start, page.wanted)
      written.push(page)
    }
  } catch (error) {
    for (const page of written.toReversed()) insist(() => memory.write(page.start, page.current))
    throw error
  }
  const omitted = new Set([...unexpected, ...excluded])
  return { done: written.flatMap(({ edits }) => edits.filter((edit) => !omitted.has(edit))), unexpected }
}

function bringUpToDate<E extends Edit>(
  prepared: PagePatch<E>,
  now: Buffer,
  direction: Direction,
  excluded: ReadonlySet<E>,
): PagePatch<E> {
  const changed = !now.equals(prepared.current)
  if (!changed && (excluded.size === 0 || !prepared.edits.some((edit) => excluded.has(edit)))) return prepared
  const edits = prepared.edits.filter((edit) => !excluded.has(edit))
  return workOutFrom(edits, prepared.start, now, direction)
}

function workOut<E extends Edit>(edits: readonly E[], current: Buffer, direction: Direction): PagePatch<E> {
  return workOutFrom(edits, rangeOf(edits).start, current, direction)
}

function workOutFrom<E extends Edit>(
  edits: readonly E[],
  start: Address,
  current: Buffer,
  direction: Direction,
): PagePatch<E> {
  const wanted = Buffer.from(current)
  const unexpected: E[] = []
  for (const edit of edits) {
    const [from, to] = direction === 'install' ? [edit.before, edit.after] : [edit.after, edit.before]
    const at = Number(edit.site - start)
    if (current.subarray(at, at + from.length).equals(from)) wanted.set(to, at)
    else unexpected.push(edit)
  }
  return { edits, start, current, wanted, unexpected }
}

function pagesOf<E extends Edit>(edits: readonly E[]): E[][] {
  const pages: E[][] = []
  let current: Address | undefined
  for (const edit of edits.toSorted((a, b) => (a.site < b.site ? -1 : 1))) {
    const page = pageOf(edit.site)
    if (page !== current) pages.push([])
    current = page
    pages.at(-1)?.push(edit)
  }
  return pages
}

function rangeOf(page: readonly Edit[]): { readonly start: Address; readonly size: number } {
  const [first] = page
  const last = page.at(-1)
  if (first === undefined || last === undefined) return { start: address(0), size: 0 }
  return { start: first.site, size: Number(endOf(last) - first.site) }
}

/** End of the bytes that an edit changes. */
export function endOf(edit: Edit): Address {
  return offsetBy(edit.site, edit.after.length)
}
