import type { FrameTable } from '../dwarf/frame-table.js'
import { type AddressRanges, lastNotAbove } from './address-ranges.js'
import { sortOrder } from './sort-order.js'
import { CANDIDATE, type SymbolCandidates } from './symbol-candidates.js'

/** Functions in columns, sorted by address, one row an address. */
export interface FunctionColumns {
  readonly count: number
  readonly starts: Float64Array
  readonly sizes: Float64Array
  /** 1 where no table gave the size: it reaches to the next function and may hold padding. */
  readonly inferred: Uint8Array
  /** Row `i` is named by the candidates `order[firstNames[i]]` up to, not including, `order[endNames[i]]`. */
  readonly firstNames: Uint32Array
  readonly endNames: Uint32Array
  readonly order: Uint32Array
}

/** What functions are made of. */
export interface FunctionEvidence {
  readonly candidates: SymbolCandidates
  readonly frames: FrameTable
  readonly text: AddressRanges
  /** Linkage tables, whose frames are not functions. */
  readonly stubs: AddressRanges
}

/**
 * Joins symbols and unwind information. A symbol makes a function; a frame makes one where no symbol's range covers its
 * beginning.
 */
export function functionColumns(evidence: FunctionEvidence): FunctionColumns {
  return new FunctionMerge(evidence).run()
}

class FunctionMerge {
  readonly #evidence: FunctionEvidence
  readonly #order: Uint32Array
  readonly #starts: Float64Array
  readonly #sizes: Float64Array
  readonly #inferred: Uint8Array
  readonly #firstNames: Uint32Array
  readonly #endNames: Uint32Array
  #count = 0
  /** First address behind all sized functions so far: frames that begin below it are parts of those. */
  #covered = 0
  #name = 0
  #frame = 0

  constructor(evidence: FunctionEvidence) {
    this.#evidence = evidence
    this.#order = sortOrder(evidence.candidates.addresses)
    const capacity = this.#order.length + evidence.frames.count
    this.#starts = new Float64Array(capacity)
    this.#sizes = new Float64Array(capacity)
    this.#inferred = new Uint8Array(capacity)
    this.#firstNames = new Uint32Array(capacity)
    this.#endNames = new Uint32Array(capacity)
  }

  run(): FunctionColumns {
    while (this.#name < this.#order.length || this.#frame < this.#evidence.frames.count) this.#take()
    this.#boundSizes()
    const count = this.#count
    return {
      count,
      order: this.#order,
      starts: this.#starts.slice(0, count),
      sizes: this.#sizes.slice(0, count),
      inferred: this.#inferred.slice(0, count),
      firstNames: this.#firstNames.slice(0, count),
      endNames: this.#endNames.slice(0, count),
    }
  }

  /** Takes everything at the next address. */
  #take(): void {
    const start = Math.min(this.#addressOfName(this.#name), this.#addressOfFrame(this.#frame))
    const firstName = this.#name
    const named = this.#takeNames(start)
    const frameEnd = this.#takeFrames(start)
    const { text, stubs } = this.#evidence
    const framed = frameEnd > start && start >= this.#covered && text.has(start) && !stubs.has(start)
    if (!named.isFunction && !framed) return
    const row = this.#count++
    this.#starts[row] = start
    this.#sizes[row] = named.size > 0 ? named.size : Math.max(0, frameEnd - start)
    this.#firstNames[row] = firstName
    this.#endNames[row] = this.#name
    this.#covered = Math.max(this.#covered, start + named.size)
  }

  #takeNames(start: number): { readonly isFunction: boolean; readonly size: number } {
    const { kinds, sizes } = this.#evidence.candidates
    let isFunction = false
    let size = 0
    for (; this.#addressOfName(this.#name) === start; this.#name++) {
      const candidate = this.#order[this.#name] ?? 0
      if (kinds[candidate] !== CANDIDATE.LABEL) isFunction = true
      size = Math.max(size, sizes[candidate] ?? 0)
    }
    return { isFunction, size }
  }

  /** The end of the frame at this address, or 0. */
  #takeFrames(start: number): number {
    let end = 0
    for (; this.#addressOfFrame(this.#frame) === start; this.#frame++) {
      end = Math.max(end, this.#evidence.frames.ends[this.#frame] ?? 0)
    }
    return end
  }

  #addressOfName(name: number): number {
    const candidate = this.#order[name]
    return candidate === undefined ? Number.POSITIVE_INFINITY : (this.#evidence.candidates.addresses[candidate] ?? 0)
  }

  #addressOfFrame(frame: number): number {
    return this.#evidence.frames.starts[frame] ?? Number.POSITIVE_INFINITY
  }

  /** No function reaches beyond its section; one of unknown size ends where the next thing begins. */
  #boundSizes(): void {
    const { text, frames } = this.#evidence
    for (let row = 0; row < this.#count; row++) {
      const start = this.#starts[row] ?? 0
      const sectionEnd = text.ends[text.indexOf(start)] ?? start
      let end = start + (this.#sizes[row] ?? 0)
      if (end === start) {
        const nextFrame = this.#addressOfFrame(lastNotAbove(frames.starts, start) + 1)
        const nextFunction = row + 1 < this.#count ? (this.#starts[row + 1] ?? sectionEnd) : sectionEnd
        end = Math.min(nextFrame, nextFunction)
        this.#inferred[row] = 1
      }
      this.#sizes[row] = Math.min(end, sectionEnd) - start
    }
  }
}
