import { hex, type Vaddr, vaddr } from '../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { CodeFacts, FunctionBounds } from '../code-facts.js'
import type { DisplacedInstruction, SiteAnalysis } from '../site-analysis.js'
import { type DecodedModule, decodedFunction, decodedModule } from './decoded-module.js'
import { fallsThrough } from './direct-target.js'
import { Code } from './iced.js'
import { InstructionCursor } from './instruction-cursor.js'
import { functionAround, textBytes } from './module-code.js'
import { type Numbers, syscallNumbers } from './register-constants.js'
import { analyseModule } from './site-proof.js'
import { upperBound } from './sorted-search.js'
import { mayBeSyscall } from './unknown-syscall.js'

/** A `syscall` instruction with a jump in front of it, which is proven safe. */
export interface SyscallSite {
  /** Address of the `syscall`. */
  readonly syscall: Vaddr
  /** True when the instructions in front of it leave no number but those wanted. */
  readonly numberKnown: boolean
  /** The jump's window. */
  readonly window: SiteAnalysis
  /** From the window's beginning up to the `syscall`, which is not among them. */
  readonly before: SiteAnalysis
}

export interface SyscallSites {
  readonly sites: readonly SyscallSite[]
  /** Why others cannot be had. */
  readonly refused: readonly { readonly at: Vaddr; readonly refusal: Refusal }[]
}

const syscall = Uint8Array.of(0x0f, 0x05)
const SYSCALL_LENGTH = syscall.length
const JUMP_LENGTH = 5
/** Places where a jump in front of one `syscall` is tried. */
const MAX_STARTS = 4

/** An instruction in front of a `syscall`, in the same run without branches in or out. */
interface Step {
  readonly at: number
  readonly bytes: Uint8Array
}

interface Found {
  readonly syscall: number
  /** What eax may hold; undefined where it may be anything. */
  readonly numbers: Numbers | undefined
  readonly steps: readonly Step[]
}

/**
 * Finds every `syscall` of a module that may make one of the calls `wanted`, by number, and a window for each. Bytes that
 * look like a `syscall` and may be one count, unless a decode of their function shows that they are none.
 */
export function syscallSites(facts: CodeFacts, wanted: ReadonlySet<number>): SyscallSites {
  const module = decodedModule(facts)
  const found: Found[] = []
  const refused: { at: Vaddr; refusal: Refusal }[] = []
  for (const at of candidates(facts)) {
    const site = examine(module, at)
    if (site === undefined) continue
    if (isRefusal(site)) refused.push({ at: vaddr(at), refusal: site })
    else if (site.numbers === undefined || site.numbers.some((number) => wanted.has(number))) found.push(site)
  }
  const starts = found.map(startsOf)
  const analysis = analyseModule(facts, [...new Set(starts.flat())], JUMP_LENGTH)
  const sites: SyscallSite[] = []
  for (const [index, each] of found.entries()) {
    const site = withWindow(each, wanted, starts[index] ?? [], (start) => analysis.analyse(start))
    if (isRefusal(site)) refused.push({ at: vaddr(each.syscall), refusal: site })
    else sites.push(site)
  }
  return { sites, refused }
}

/** `0F 05` at any position. */
function* candidates({ text }: CodeFacts): Generator<number> {
  for (const { start, bytes } of text) {
    const searched = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = searched.indexOf(syscall); at >= 0; at = searched.indexOf(syscall, at + 1)) yield start + at
  }
}

/** Undefined when the bytes are surely no `syscall`. */
function examine(module: DecodedModule, at: number): Found | Refusal | undefined {
  const bounds = functionAround(module.code, at)
  if (bounds !== undefined) return walkTo(module, bounds, at)
  if (!mayBeSyscall(module.code, at)) return undefined
  return refuse('unknown-boundaries', `no function is known around ${hex(at)}, where a system call may be`)
}

function walkTo(module: DecodedModule, bounds: FunctionBounds, at: number): Found | Refusal | undefined {
  const entries = labelsIn(module, bounds)
  const owner = decodedFunction(module, bounds)
  let steps: Step[] = []
  const bytes = textBytes(module.code, bounds.start, bounds.end - bounds.start)
  using cursor = new InstructionCursor(bytes, bounds.start)
  while (cursor.next() && bounds.start + cursor.offset <= at) {
    const here = bounds.start + cursor.offset
    if (entries.has(here) || owner.branchTargets.has(here)) steps = []
    if (here === at && cursor.instruction.code === Code.Syscall)
      return { syscall: at, numbers: syscallNumbers(module.code, owner, entries).get(at), steps }
    steps.push({ at: here, bytes: bytes.slice(cursor.offset, cursor.nextOffset) })
    if (!fallsThrough(cursor.instruction)) steps = []
  }
  const reached = bounds.start + cursor.offset
  if (reached >= at) return undefined
  return refuse('unknown-boundaries', `the bytes at ${hex(reached)} are no instruction`)
}

/** Where control may come in other than by a direct branch. */
function labelsIn({ code }: DecodedModule, { start, end }: FunctionBounds): ReadonlySet<number> {
  const { labels } = code.facts
  return new Set(labels.subarray(upperBound(labels, start - 1), upperBound(labels, end - 1)))
}

/** Where a jump may begin so that its bytes end at the latest with the `syscall`: the nearest first. */
function startsOf({ syscall, steps }: Found): Vaddr[] {
  return steps
    .filter(({ at }) => syscall + SYSCALL_LENGTH - at >= JUMP_LENGTH)
    .toReversed()
    .slice(0, MAX_STARTS)
    .map(({ at }) => vaddr(at))
}

function withWindow(
  found: Found,
  wanted: ReadonlySet<number>,
  starts: readonly Vaddr[],
  analyse: (start: Vaddr) => SiteAnalysis | Refusal,
): SyscallSite | Refusal {
  let last = refuse(
    'window-too-short',
    `a branch leads to the system call at ${hex(found.syscall)}, or right before it`,
  )
  const numberKnown = found.numbers?.every((number) => wanted.has(number)) === true
  for (const start of starts) {
    const window = analyse(start)
    if (isRefusal(window)) last = window
    else return { syscall: vaddr(found.syscall), numberKnown, window, before: upTo(found, window) }
  }
  return last
}

function upTo({ syscall, steps }: Found, window: SiteAnalysis): SiteAnalysis {
  const displaced: DisplacedInstruction[] = steps
    .filter(({ at }) => at >= window.site)
    .map(({ at, bytes }) => ({ offset: at - window.site, bytes }))
  return { ...window, displaced, displacedLength: syscall - window.site, padding: 0, fallsThrough: true }
}
