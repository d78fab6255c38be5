import { type Address, offsetBy, pageOf } from '../bytes/address.js'
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

/**
 * Writes all edits, page by page, so that every page changes at once; with all threads stopped. Bytes that are not as
 * expected are left alone: somebody else's. When the kernel refuses in the middle, what was written is put back.
 * @throws KernelError
 */
export function patch<E extends Edit>(memory: Memory, edits: readonly E[], direction: Direction): Patched<E> {
  const done: E[] = []
  const unexpected: E[] = []
  try {
    for (const page of pagesOf(edits)) patchPage(memory, page, direction, done, unexpected)
  } catch (error) {
    revert(memory, done, direction)
    throw error
  }
  return { done, unexpected }
}

function revert(memory: Memory, done: readonly Edit[], direction: Direction): void {
  const back: Direction = direction === 'install' ? 'remove' : 'install'
  for (const page of pagesOf(done).toReversed()) insist(() => patchPage(memory, page, back, [], []))
}

function patchPage<E extends Edit>(
  memory: Memory,
  page: readonly E[],
  direction: Direction,
  done: E[],
  unexpected: E[],
): void {
  const first = page[0]
  const last = page.at(-1)
  if (first === undefined || last === undefined) return
  const bytes = memory.read(first.site, Number(last.site - first.site) + last.after.length)
  const changed: E[] = []
  for (const edit of page) {
    const [from, to] = direction === 'install' ? [edit.before, edit.after] : [edit.after, edit.before]
    const at = Number(edit.site - first.site)
    if (bytes.subarray(at, at + from.length).equals(from)) {
      bytes.set(to, at)
      changed.push(edit)
    } else unexpected.push(edit)
  }
  if (changed.length > 0) memory.write(first.site, bytes)
  done.push(...changed)
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

/** End of the bytes that an edit changes. */
export function endOf(edit: Edit): Address {
  return offsetBy(edit.site, edit.after.length)
}
