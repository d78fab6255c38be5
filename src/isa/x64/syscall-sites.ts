import { Code, FlowControl, type Instruction, Mnemonic, OpKind, Register, RegisterExt } from 'iced-x86'
import { hex, type Vaddr, vaddr } from '../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { CodeFacts, FunctionBounds } from '../code-facts.js'
import type { DisplacedInstruction, SiteAnalysis } from '../site-analysis.js'
import type { DecodedModule } from './decoded-module.js'
import { decodedFunction } from './decoded-module.js'
import { fallsThrough } from './direct-target.js'
import { InstructionCursor } from './instruction-cursor.js'
import { functionAround, moduleCode, textBytes } from './module-code.js'
import { analyseModule } from './site-proof.js'
import { upperBound } from './sorted-search.js'

/** A `syscall` instruction with a jump in front of it, which is proven safe. */
export interface SyscallSite {
  /** Address of the `syscall`. */
  readonly syscall: Vaddr
  /** The system call's number, where the instructions in front of it tell; undefined where it may be any. */
  readonly number: number | undefined
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

const SYSCALL_LENGTH = 2
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
  readonly number: number | undefined
  readonly steps: readonly Step[]
}

/**
 * Finds every `syscall` of a module that may make one of the calls `wanted`, by number, and a window for each. Bytes that
 * look like a `syscall` and may be one count, unless a decode of their function shows that they are none.
 */
export function syscallSites(facts: CodeFacts, wanted: ReadonlySet<number>): SyscallSites {
  const module: DecodedModule = { code: moduleCode(facts), decoded: new Map() }
  const found: Found[] = []
  const refused: { at: Vaddr; refusal: Refusal }[] = []
  for (const at of candidates(facts)) {
    const site = examine(module, at)
    if (site === undefined) continue
    if (isRefusal(site)) refused.push({ at: vaddr(at), refusal: site })
    else if (site.number === undefined || wanted.has(site.number)) found.push(site)
  }
  const starts = found.map(startsOf)
  const analysis = analyseModule(facts, [...new Set(starts.flat())], JUMP_LENGTH)
  const sites: SyscallSite[] = []
  for (const [index, each] of found.entries()) {
    const site = withWindow(each, starts[index] ?? [], (start) => analysis.analyse(start))
    if (isRefusal(site)) refused.push({ at: vaddr(each.syscall), refusal: site })
    else sites.push(site)
  }
  return { sites, refused }
}

/** `0F 05` at any position. */
function* candidates({ text }: CodeFacts): Generator<number> {
  for (const { start, bytes } of text) {
    for (let at = bytes.indexOf(0x0f); at >= 0; at = bytes.indexOf(0x0f, at + 1)) {
      if (bytes[at + 1] === 0x05) yield start + at
    }
  }
}

/** Undefined when the bytes are surely no `syscall`. */
function examine(module: DecodedModule, at: number): Found | Refusal | undefined {
  const bounds = functionAround(module.code, at)
  if (bounds === undefined)
    return refuse('unknown-boundaries', `no function is known around ${hex(at)}, where a system call may be`)
  return walkTo(module, bounds, at)
}

function walkTo(module: DecodedModule, bounds: FunctionBounds, at: number): Found | Refusal | undefined {
  const entries = entriesOf(module, bounds)
  let steps: Step[] = []
  let number: number | undefined
  const bytes = textBytes(module.code, bounds.start, at + SYSCALL_LENGTH - bounds.start)
  using cursor = new InstructionCursor(bytes, bounds.start)
  while (cursor.next()) {
    const here = bounds.start + cursor.offset
    if (entries.has(here)) {
      steps = []
      number = undefined
    }
    if (here === at) return cursor.instruction.code === Code.Syscall ? { syscall: at, number, steps } : undefined
    number = numberAfter(cursor.instruction, number)
    steps.push({ at: here, bytes: bytes.slice(cursor.offset, cursor.nextOffset) })
    if (!fallsThrough(cursor.instruction)) steps = []
  }
  const ended = bounds.start + cursor.offset
  if (ended > at || (ended < at + SYSCALL_LENGTH && bytes.length - cursor.offset < 15)) return undefined
  return refuse('unknown-boundaries', `the bytes at ${hex(ended)} are no instruction`)
}

/** Where control may come in other than from the instruction before. */
function entriesOf(module: DecodedModule, bounds: FunctionBounds): ReadonlySet<number> {
  const { labels } = module.code.facts
  const named = labels.subarray(upperBound(labels, bounds.start - 1), upperBound(labels, bounds.end - 1))
  return new Set([...named, ...decodedFunction(module, bounds).branchTargets])
}

/** What eax is known to hold behind an instruction. */
function numberAfter(instruction: Instruction, before: number | undefined): number | undefined {
  if (instruction.flowControl !== FlowControl.Next)
    return instruction.flowControl === FlowControl.ConditionalBranch ? before : undefined
  const writesEax = instruction.op0Kind === OpKind.Register && isAccumulator(instruction.op0Register)
  if (!writesEax) return writesImplicitly(instruction) ? undefined : before
  if (instruction.mnemonic === Mnemonic.Mov && isImmediate(instruction.opKind(1)))
    return Number(BigInt.asUintN(32, instruction.immediate(1)))
  if (instruction.mnemonic === Mnemonic.Xor && instruction.op1Kind === OpKind.Register)
    return isAccumulator(instruction.op1Register) ? 0 : undefined
  return readsOnly(instruction) ? before : undefined
}

function isAccumulator(register: number): boolean {
  return RegisterExt.isGPR(register) && RegisterExt.fullRegister(register) === Register.RAX
}

function isImmediate(kind: OpKind): boolean {
  return kind === OpKind.Immediate32 || kind === OpKind.Immediate32to64 || kind === OpKind.Immediate64
}

const comparing: ReadonlySet<Mnemonic> = new Set([Mnemonic.Cmp, Mnemonic.Test, Mnemonic.Push, Mnemonic.Bt])

function readsOnly({ mnemonic }: Instruction): boolean {
  return comparing.has(mnemonic)
}

/** Instructions that may write eax without naming it first: all but those that surely do not. */
const explicit: ReadonlySet<Mnemonic> = new Set([
  Mnemonic.Mov,
  Mnemonic.Movzx,
  Mnemonic.Movsx,
  Mnemonic.Movsxd,
  Mnemonic.Lea,
  Mnemonic.Xor,
  Mnemonic.Or,
  Mnemonic.And,
  Mnemonic.Add,
  Mnemonic.Sub,
  Mnemonic.Shl,
  Mnemonic.Shr,
  Mnemonic.Sar,
  Mnemonic.Neg,
  Mnemonic.Not,
  Mnemonic.Inc,
  Mnemonic.Dec,
  Mnemonic.Cmp,
  Mnemonic.Test,
  Mnemonic.Push,
  Mnemonic.Pop,
  Mnemonic.Bt,
  Mnemonic.Nop,
  Mnemonic.Endbr64,
  Mnemonic.Movaps,
  Mnemonic.Movups,
  Mnemonic.Movdqa,
  Mnemonic.Movdqu,
  Mnemonic.Movq,
  Mnemonic.Pxor,
  Mnemonic.Sete,
  Mnemonic.Setne,
])

function writesImplicitly({ mnemonic }: Instruction): boolean {
  return !explicit.has(mnemonic)
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
  starts: readonly Vaddr[],
  analyse: (start: Vaddr) => SiteAnalysis | Refusal,
): SyscallSite | Refusal {
  let last = refuse('window-too-short', `a branch leads to the system call at ${hex(found.syscall)}, or right before it`)
  for (const start of starts) {
    const window = analyse(start)
    if (!isRefusal(window)) return { syscall: vaddr(found.syscall), number: found.number, window, before: upTo(found, window) }
    last = window
  }
  return last
}

function upTo({ syscall, steps }: Found, window: SiteAnalysis): SiteAnalysis {
  const displaced: DisplacedInstruction[] = steps
    .filter(({ at }) => at >= window.site)
    .map(({ at, bytes }) => ({ offset: at - window.site, bytes }))
  return { ...window, displaced, displacedLength: syscall - window.site, padding: 0, fallsThrough: true }
}
