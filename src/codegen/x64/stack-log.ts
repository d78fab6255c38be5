/** What generated code has on the stack from one of its places on, up to the next row. */
export interface StackRow {
  readonly position: number
  /** Bytes below what the stack pointer was at the beginning; undefined where that is not known. */
  readonly depth: number | undefined
  /** Of the word that rbp was pushed to, the same; undefined while it has not been. */
  readonly framePointerAt: number | undefined
}

/** What a jump to a label brings along. */
export type StackState = Omit<StackRow, 'position'>

const nothing: StackState = { depth: 0, framePointerAt: undefined }
const unknown: StackState = { depth: undefined, framePointerAt: undefined }

const RBP = 5
const WORD = 8

/** Follows what generated code does to the stack pointer, as it is emitted. */
export class StackLog {
  readonly rows: StackRow[] = []
  #isKept = false
  #state: StackState = nothing

  get state(): StackState {
    return this.#state
  }

  /** From here on there are rows. Most programs take no stacks, and need none. */
  keepRows(position: number): void {
    if (!this.#isKept) this.rows.push({ position, ...this.#state })
    this.#isKept = true
  }

  /** Something begins that is called, or jumped to with nothing on the stack. */
  begin(position: number): void {
    this.reach(position, nothing)
  }

  /** What comes next is reached by jumps only. */
  leave(position: number): void {
    this.reach(position, unknown)
  }

  reach(position: number, state: StackState): void {
    const { depth, framePointerAt } = this.#state
    if (state.depth === depth && state.framePointerAt === framePointerAt) return
    this.#state = state
    if (this.#isKept) this.rows.push({ position, ...state })
  }

  push(position: number, register?: number): void {
    this.move(position, -WORD)
    const { depth } = this.#state
    if (register === RBP) this.reach(position, { depth, framePointerAt: depth })
  }

  pop(position: number, register: number): void {
    const { depth, framePointerAt } = this.#state
    if (register === RBP && depth === framePointerAt) this.reach(position, { depth, framePointerAt: undefined })
    this.move(position, WORD)
  }

  /** By so many bytes: negative for more on the stack. */
  move(position: number, bytes: number): void {
    const { depth, framePointerAt } = this.#state
    this.reach(position, { depth: depth === undefined ? undefined : depth - bytes, framePointerAt })
  }
}
