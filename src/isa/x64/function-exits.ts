import { hex, type Vaddr, vaddr } from '../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { CodeFacts, FunctionBounds } from '../code-facts.js'
import type { FunctionExits, TailJump } from '../function-returns.js'
import { type DecodedModule, decodedFunction, decodedModule } from './decoded-module.js'
import { directTarget, isNearCall } from './direct-target.js'
import type { FunctionCode } from './function-code.js'
import { Code, FlowControl, type Instruction } from './iced.js'
import { whereJumpsGo } from './indirect-proof.js'
import { InstructionCursor } from './instruction-cursor.js'
import { likelyTableTargets } from './jump-tables.js'
import { functionAround, textBytes } from './module-code.js'
import { firstBetween } from './sorted-search.js'

/** How a function is left, and what who follows its tail jumps has to know besides. */
export interface FunctionEnds extends FunctionExits {
  /** The function and its parts. */
  readonly parts: readonly FunctionBounds[]
  /** Where its tables may lead beyond a part of it. A superset. */
  readonly tableTargets: readonly number[]
  /** A jump inside of it may lead to its first instruction. */
  readonly repeats: boolean
  /** Where a part of it runs on into what lies behind it, if one does. */
  readonly runsOn: Vaddr | undefined
}

/** Architecture.exitFinder. */
export function exitFinder(facts: CodeFacts): (entry: Vaddr) => FunctionEnds | Refusal {
  const module: FollowedModule = { ...decodedModule(facts), ways: new Map() }
  return (entry) => {
    if (facts.preemptible.length > 0) return refuse('growing-stack', 'goroutines change their stacks amid calls')
    const body = functionAround(module.code, entry)
    if (body?.start !== entry) return refuse('unknown-boundaries', `no function is known to begin at ${hex(entry)}`)
    return endsOf(module, body)
  }
}

/** A module with the functions that have been looked at, each once: many jump to the same few. */
interface FollowedModule extends DecodedModule {
  readonly ways: Map<number, WaysOut | Refusal>
}

/** What a run of instructions does to leave: a function, or a part of one. */
interface WaysOut {
  readonly kind: 'ways'
  readonly returns: readonly Vaddr[]
  readonly jumps: readonly OutwardJump[]
  /** Jumps to where a pointer leads, which is not in here. */
  readonly pointerJumps: readonly Vaddr[]
  /** Where tables of the function may lead beyond it. A superset. */
  readonly tableTargets: readonly number[]
  /** One of its own jumps may lead to where it begins. */
  readonly repeats: boolean
  /** Nothing ends the run where its last instruction does: who comes there goes on behind it. */
  readonly runsOn: boolean
}

interface OutwardJump {
  readonly from: Vaddr
  readonly to: Vaddr
  readonly isConditional: boolean
}

/** How a function and all its parts are left; parts are found by the jumps that lead there. */
function endsOf(module: FollowedModule, body: FunctionBounds): FunctionEnds | Refusal {
  const returns: Vaddr[] = []
  const tailJumps: TailJump[] = []
  const tableTargets: number[] = []
  const parts = [body]
  let repeats = false
  let runsOn: Vaddr | undefined
  for (const part of parts) {
    const ways = waysOut(module, part)
    if (isRefusal(ways)) return ways
    const leaving = ways.jumps.filter(({ to }) => !reachesPart(module, parts, to))
    const conditional = leaving.find(({ isConditional }) => isConditional)
    if (conditional !== undefined) return tailCall({ at: conditional.from, to: conditional.to })
    returns.push(...ways.returns)
    tailJumps.push(...leaving.map(({ from, to }) => ({ at: from, to })))
    tailJumps.push(...ways.pointerJumps.map((at) => ({ at, to: undefined })))
    for (const target of ways.tableTargets) reachesPart(module, parts, target)
    tableTargets.push(...ways.tableTargets)
    repeats ||= part === body ? ways.repeats : ways.jumps.some(({ to }) => to === body.start)
    if (ways.runsOn) runsOn ??= part.end
  }
  if (returns.length + tailJumps.length === 0)
    return refuse('no-return', `no instruction of the function at ${hex(body.start)} returns`)
  returns.sort((a, b) => a - b)
  tailJumps.sort((a, b) => a.at - b.at)
  return { kind: 'exits', returns, tailJumps, parts, tableTargets, repeats, runsOn }
}

/** Whether an address is in one of the parts of the function that the first of them is; a new one is added to them. */
function reachesPart(module: FollowedModule, parts: FunctionBounds[], address: number): boolean {
  const [body] = parts
  const owner = functionAround(module.code, address)
  if (owner === undefined || body === undefined) return false
  if (parts.some(({ start }) => start === owner.start)) return true
  const isPart = isPartOf(module, owner, body)
  if (isPart) parts.push(owner)
  return isPart
}

/**
 * Compilers move code that seldom runs out of a function (`.cold`). It is a part of the function, and no other one, where it jumps
 * back into the middle, or never returns and goes nowhere else.
 */
function isPartOf(module: FollowedModule, other: FunctionBounds, { start, end }: FunctionBounds): boolean {
  const ways = waysOut(module, other)
  if (isRefusal(ways)) return false
  const { returns, jumps, pointerJumps } = ways
  if (pointerJumps.length > 0) return false
  return jumps.length === 0 ? returns.length === 0 : jumps.some(({ to }) => to > start && to < end)
}

export function tailCall({ at, to }: TailJump): Refusal {
  const where = to === undefined ? `may lead to another function` : `leaves the function for ${hex(to)}`
  return refuse('tail-call', `the jump at ${hex(at)} ${where}, which returns to the caller in its place`)
}

function waysOut(module: FollowedModule, bounds: FunctionBounds): WaysOut | Refusal {
  const known = module.ways.get(bounds.start) ?? findWaysOut(module, bounds)
  module.ways.set(bounds.start, known)
  return known
}

function findWaysOut(module: DecodedModule, bounds: FunctionBounds): WaysOut | Refusal {
  const owner = decodedFunction(module, bounds)
  const { start, end } = bounds
  if (!owner.valid) return refuse('unknown-boundaries', `the function at ${hex(start)} cannot be decoded to its end`)
  const pointerJumps = jumpsByPointer(module, owner)
  if (isRefusal(pointerJumps)) return pointerJumps
  const returns: Vaddr[] = []
  const jumps: OutwardJump[] = []
  const tableTargets = targetsOfTables(module, owner)
  let repeats = tableTargets.includes(start)
  let runsOn = true
  using cursor = new InstructionCursor(textBytes(module.code, start, end - start), start)
  while (cursor.next()) {
    const { instruction } = cursor
    const from = vaddr(start + cursor.offset)
    if (leavesOddly(instruction))
      return refuse('not-probeable', `the instruction at ${hex(from)} returns in a way of its own`)
    if (isNearReturn(instruction)) returns.push(from)
    const to = jumpTarget(instruction)
    repeats ||= to === start
    if (to !== undefined && (to < start || to >= end))
      jumps.push({ from, to, isConditional: instruction.flowControl !== FlowControl.UnconditionalBranch })
    runsOn = goesOn.has(instruction.flowControl)
  }
  const outside = tableTargets.filter((target) => target < start || target >= end)
  return { kind: 'ways', returns, jumps, pointerJumps, tableTargets: outside, repeats, runsOn }
}

/** Behind a call at its end, a function does not go on: that call does not return. */
const goesOn: ReadonlySet<FlowControl> = new Set([FlowControl.Next, FlowControl.ConditionalBranch])

/**
 * Pointers lead to functions, which then return in this one’s place, or to labels. Where nothing names a place in the function but
 * its beginning, there is no label that one could lead to.
 */
function jumpsByPointer(module: DecodedModule, owner: FunctionCode): Vaddr[] | Refusal {
  if (owner.indirectJumps.length === 0) return []
  const goesOf = whereJumpsGo(module, owner)
  const found = owner.indirectJumps.filter((jump) => goesOf(jump) !== 'by-table')
  const unknown = found.find((jump) => jump.register !== undefined && goesOf(jump) === 'anywhere')
  const [first] = unknown === undefined && !mayNameLabels(module, owner) ? [] : found
  if (first !== undefined) return tailCall({ at: vaddr(first.address), to: undefined })
  return found.map(({ address }) => vaddr(address))
}

/** In code at a fixed address, words that nothing tells from numbers may be labels. */
function mayNameLabels({ code }: DecodedModule, { bounds: { start, end }, addresses }: FunctionCode): boolean {
  if (code.fixedAddress || firstBetween(code.facts.labels, start, end) !== undefined) return true
  return [...addresses].some((address) => address > start && address < end)
}

function targetsOfTables(module: DecodedModule, owner: FunctionCode): number[] {
  if (owner.indirectJumps.length === 0) return []
  return [...likelyTableTargets(module.code, owner, Float64Array.from(owner.addresses).sort())]
}

function jumpTarget(instruction: Instruction): Vaddr | undefined {
  const target = isNearCall(instruction) ? undefined : directTarget(instruction)
  return target === undefined ? undefined : vaddr(Number(target))
}

const nearReturns: ReadonlySet<Code> = new Set([Code.Retnq, Code.Retnq_imm16])

function isNearReturn({ code }: Instruction): boolean {
  return nearReturns.has(code)
}

function leavesOddly(instruction: Instruction): boolean {
  return instruction.flowControl === FlowControl.Return && !isNearReturn(instruction)
}
