import type { CallEnd, CallRecord, CallTree } from './call-record.js'

/** A function whose calls are looked at. */
export interface CallFunction {
  /** `module:symbol` */
  readonly site: string
  /** Calls of a `root` begin a tree; `cut` ones are left out of it, with all that they call. */
  readonly role: 'root' | 'inner' | 'cut'
  /** The functions that it jumps to in place of a call and return, by where it jumps: undefined for those that are not looked at. */
  readonly tailCalls: ReadonlyMap<number, number | undefined>
}

/** Something that a thread did. */
export interface CallEvent {
  readonly kind: 'entry' | 'return' | 'tail-jump'
  /** Index of the function. */
  readonly function: number
  /** Where the return address is: the stack pointer at all of these instructions. */
  readonly place: number
  readonly timeNs: number
  readonly tid: number
  /** One more than that of the thread’s event before it, modulo `NUMBERS`, unless some have been lost. */
  readonly number: number
  /** Of a tail jump: where it is, as `CallFunction.tailCalls` knows it. */
  readonly jump: number
}

export const NUMBERS = 2 ** 16

export interface CallBuilderOptions {
  /** Calls deeper than that are not kept: 1 for roots alone. */
  readonly depth: number
  /** Calls that took less are not kept. */
  readonly minNs: number
  /** Calls that a tree may have. */
  readonly maxCalls: number
}

/** A call whose end has not been seen. */
interface OpenCall {
  readonly function: number
  readonly place: number
  readonly startNs: number
  readonly isHidden: boolean
  readonly calls: CallRecord[]
  /** The function that it has jumped to: it ends with it. */
  jumpsTo: number | undefined
}

interface Thread {
  readonly tid: number
  /** The innermost last. */
  readonly open: OpenCall[]
  next: number | undefined
  /** Of the tree that is being made. */
  kept: number
  omitted: number
}

/**
 * Makes trees of the calls that threads begin and end. Places on the stack tell which calls are meant: whoever is called is below
 * its caller, and a function that another one jumps to has the place of that one. So a thread that is seen at one place has left all
 * calls below it, be it by longjmp. Where events of a thread have been lost, nothing is known but that: its tree ends there.
 */
export class CallBuilder {
  readonly #threads = new Map<number, Thread>()

  /** `show` takes each tree when its root has ended. */
  constructor(
    private readonly functions: readonly CallFunction[],
    private readonly options: CallBuilderOptions,
    private readonly show: (tree: CallTree) => void,
  ) {}

  take(event: CallEvent): void {
    const thread = this.#threadOf(event.tid)
    const lost = thread.next === undefined ? 0 : (event.number - thread.next + NUMBERS) % NUMBERS
    thread.next = (event.number + 1) % NUMBERS
    if (lost > 0) this.#closeAll(thread, 'lost', lost)
    while ((thread.open.at(-1)?.place ?? Number.POSITIVE_INFINITY) < event.place) this.#close(thread, 'unwound')
    if (event.kind === 'entry') this.#enter(thread, event)
    else this.#leave(thread, event)
  }

  /** No more events come: calls that are open stay so. */
  finish(): void {
    for (const thread of this.#threads.values()) this.#closeAll(thread, 'open')
  }

  #threadOf(tid: number): Thread {
    const thread = this.#threads.get(tid) ?? { tid, open: [], next: undefined, kept: 0, omitted: 0 }
    this.#threads.set(tid, thread)
    return thread
  }

  #enter(thread: Thread, event: CallEvent): void {
    // The calls at this place have been unwound, unless the innermost has jumped here.
    for (let top = thread.open.at(-1); top?.place === event.place; top = thread.open.at(-1)) {
      if (top.jumpsTo === event.function) break
      this.#close(thread, 'unwound')
    }
    const parent = thread.open.at(-1)
    const role = this.functions[event.function]?.role
    if (parent === undefined && role !== 'root') return
    const isUnwanted = parent?.isHidden === true || role === 'cut' || thread.open.length >= this.options.depth
    const isOneTooMany = !isUnwanted && thread.kept >= this.options.maxCalls
    if (isOneTooMany) thread.omitted++
    const isHidden = isUnwanted || isOneTooMany
    if (!isHidden) thread.kept++
    const { place, timeNs: startNs } = event
    thread.open.push({ function: event.function, place, startNs, isHidden, calls: [], jumpsTo: undefined })
  }

  /** Functions may share the instructions by which they are left: what is not of the innermost call is of another one. */
  #leave(thread: Thread, { kind, function: left, place, timeNs, jump }: CallEvent): void {
    const top = thread.open.at(-1)
    if (top?.place !== place || top.function !== left) return
    const next = kind === 'tail-jump' ? this.functions[left]?.tailCalls.get(jump) : undefined
    if (next !== undefined) {
      top.jumpsTo = next
      return
    }
    this.#close(thread, kind === 'return' ? 'returned' : 'tail-call', timeNs)
    // Those that have jumped to it return with it.
    while (thread.open.at(-1)?.place === place)
      this.#close(thread, kind === 'return' ? 'returned' : 'tail-call', timeNs)
  }

  #closeAll(thread: Thread, end: CallEnd, lost = 0): void {
    while (thread.open.length > 0) this.#close(thread, end, undefined, lost)
  }

  #close(thread: Thread, end: CallEnd, timeNs?: number, lost = 0): void {
    const call = thread.open.pop()
    if (call === undefined) return
    const parent = thread.open.at(-1)
    const record = this.#recordOf(thread, call, end, timeNs)
    if (parent !== undefined) {
      if (record !== undefined) parent.calls.push(record)
      return
    }
    const { omitted } = thread
    thread.kept = 0
    thread.omitted = 0
    if (record !== undefined) this.show({ ...record, omitted, lost })
  }

  #recordOf(thread: Thread, call: OpenCall, end: CallEnd, timeNs: number | undefined): CallRecord | undefined {
    const { startNs, calls } = call
    const durationNs = timeNs === undefined ? undefined : timeNs - startNs
    const isShort = durationNs !== undefined && durationNs < this.options.minNs
    if (isShort && !call.isHidden) thread.kept--
    if (call.isHidden || isShort) return undefined
    const { tid } = thread
    const site = this.functions[call.function]?.site ?? ''
    return { site, tid, startNs, durationNs, end, calls }
  }
}
