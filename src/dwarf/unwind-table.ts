import { MalformedInput } from '../bytes/byte-reader.js'
import type { ElfImage } from '../elf/elf-image.js'
import { CallFrameProgram } from './call-frame-program.js'
import { type EhFrame, type Fde, locateEhFrame, readFdes } from './eh-frame.js'
import { type FrameState, ruleOf } from './frame-state.js'
import { CFA, type UnwindRule, unknownRule } from './unwind-rule.js'

/** How stacks are walked through a module: from `base + starts[row]` on, up to the next row, `rules[row]` holds. */
export interface UnwindTable {
  readonly count: number
  /** A link-time address. */
  readonly base: number
  /** Ascending. */
  readonly starts: Uint32Array
  readonly rules: Uint32Array
}

/** The rule for code at a link-time address; unknown where the table has none. */
export function ruleAt({ count, base, starts, rules }: UnwindTable, address: number): UnwindRule {
  const offset = address - base
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((starts[middle] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low === 0 ? unknownRule : (rules[low - 1] ?? unknownRule)
}

/** The table of a module, from its .eh_frame. Empty where it has none, or one that cannot be read. */
export function unwindTable(image: ElfImage): UnwindTable {
  const frame = locateEhFrame(image)
  const rows = new UnwindRows()
  if (frame === undefined) return rows.build()
  try {
    // What lies behind an entry that cannot be read is not known: all of it is left to frame pointers.
    for (const fde of readFdes(frame)) rows.add(frame, fde)
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error
  }
  return rows.build()
}

/** Collects rows in any order of the FDEs. */
class UnwindRows {
  readonly #fdes: { readonly start: number; readonly end: number; readonly first: number; readonly last: number }[] = []
  readonly #starts: number[] = []
  readonly #rules: UnwindRule[] = []

  add(frame: EhFrame, fde: Fde): void {
    const first = this.#starts.length
    if (fde.cie.signalFrame) this.#put(fde.start, CFA.signalFrame)
    else this.#run(frame, fde)
    this.#fdes.push({ start: fde.start, end: fde.end, first, last: this.#starts.length })
  }

  /** Of a malformed program nothing holds. */
  #run(frame: EhFrame, fde: Fde): void {
    const put = (address: number, state: FrameState): void => {
      if (address >= fde.start && address < fde.end) this.#put(address, ruleOf(state))
    }
    const first = this.#starts.length
    try {
      new CallFrameProgram(frame, fde, put).run()
    } catch (error) {
      if (!(error instanceof MalformedInput)) throw error
      this.#starts.length = first
      this.#rules.length = first
    }
  }

  #put(address: number, rule: UnwindRule): void {
    this.#starts.push(address)
    this.#rules.push(rule)
  }

  build(): UnwindTable {
    const columns = new RowColumns(this.#starts.length + 2 * this.#fdes.length)
    const fdes = this.#fdes.toSorted((a, b) => a.start - b.start)
    const base = fdes[0]?.start ?? 0
    for (const { start, end, first, last } of fdes) {
      columns.put(start - base, unknownRule)
      for (let row = first; row < last; row++) columns.put((this.#starts[row] ?? 0) - base, this.#rules[row] ?? 0)
      columns.put(end - base, unknownRule)
    }
    return { base, ...columns.finish() }
  }
}

class RowColumns {
  readonly #starts: Uint32Array
  readonly #rules: Uint32Array
  #count = 0

  constructor(room: number) {
    this.#starts = new Uint32Array(room)
    this.#rules = new Uint32Array(room)
  }

  /** From here on the rule holds; what was said about this address and those above it does no more. */
  put(start: number, rule: UnwindRule): void {
    while (this.#count > 0 && (this.#starts[this.#count - 1] ?? 0) >= start) this.#count--
    if (this.#count > 0 && this.#rules[this.#count - 1] === rule) return
    this.#starts[this.#count] = start
    this.#rules[this.#count++] = rule
  }

  finish(): Pick<UnwindTable, 'count' | 'starts' | 'rules'> {
    const count = this.#count
    return { count, starts: this.#starts.slice(0, count), rules: this.#rules.slice(0, count) }
  }
}
