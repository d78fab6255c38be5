import { hex, type Vaddr, vaddr } from '../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { CodeFacts, FunctionBounds } from '../code-facts.js'
import type { FunctionReturns, ReturnFinder } from '../function-returns.js'
import { type DecodedModule, decodedFunction, decodedModule } from './decoded-module.js'
import { directTarget, isNearCall } from './direct-target.js'
import type { FunctionCode } from './function-code.js'
import { Code, FlowControl, type Instruction } from './iced.js'
import { whereJumpsGo } from './indirect-proof.js'
import { InstructionCursor } from './instruction-cursor.js'
import { likelyTableTargets } from './jump-tables.js'
import { functionAround, textBytes } from './module-code.js'

/** Architecture.returnFinder. */
export function returnFinder(facts: CodeFacts): ReturnFinder {
  const module: FollowedModule = { ...decodedModule(facts), ways: new Map() }
  return (entry) => {
    if (facts.preemptible.length > 0) return refuse('growing-stack', 'goroutines change their stacks amid calls')
    const body = functionAround(module.code, entry)
    if (body?.start !== entry) return refuse('unknown-boundaries', `no function is known to begin at ${hex(entry)}`)
    return returnsOf(module, body)
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
  /** Where tables of the function may lead beyond it. A superset. */
  readonly tableTargets: readonly number[]
}

interface OutwardJump {
  readonly from: number
  readonly to: number
}

/** Where a function and all its parts return; these are found by the jumps that lead there. */
function returnsOf(module: FollowedModule, body: FunctionBounds): FunctionReturns | Refusal {
  const returns: Vaddr[] = []
  const parts = [body]
  for (const part of parts) {
    const ways = waysOut(module, part)
    if (isRefusal(ways)) return ways
    returns.push(...ways.returns)
    const leaving = ways.jumps.find(({ to }) => !reachesPart(module, parts, to))
    if (leaving !== undefined) return tailCall(leaving)
    for (const target of ways.tableTargets) reachesPart(module, parts, target)
  }
  if (returns.length === 0) return refuse('no-return', `no instruction of the function at ${hex(body.start)} returns`)
  return { kind: 'returns', at: returns.sort((a, b) => a - b) }
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
  const { returns, jumps } = ways
  return jumps.length === 0 ? returns.length === 0 : jumps.some(({ to }) => to > start && to < end)
}

function tailCall({ from, to }: OutwardJump): Refusal {
  const because = `the jump at ${hex(from)} leaves the function for ${hex(to)}, which returns to the caller in its place`
  return refuse('tail-call', because)
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
  const unknown = jumpByPointer(module, owner)
  if (unknown !== undefined) return unknown
  const returns: Vaddr[] = []
  const jumps: OutwardJump[] = []
  using cursor = new InstructionCursor(textBytes(module.code, start, end - start), start)
  while (cursor.next()) {
    const { instruction } = cursor
    const from = start + cursor.offset
    if (leavesOddly(instruction))
      return refuse('not-probeable', `the instruction at ${hex(from)} returns in a way of its own`)
    if (isNearReturn(instruction)) returns.push(vaddr(from))
    const to = jumpTarget(instruction)
    if (to !== undefined && (to < start || to >= end)) jumps.push({ from, to })
  }
  return { kind: 'ways', returns, jumps, tableTargets: tableTargetsOutside(module, owner) }
}

/** Pointers lead to functions, which then return in this one’s place, or to labels, of which nobody has a list. */
function jumpByPointer(module: DecodedModule, owner: FunctionCode): Refusal | undefined {
  if (owner.indirectJumps.length === 0) return undefined
  const goesOf = whereJumpsGo(module, owner)
  const found = owner.indirectJumps.find((jump) => goesOf(jump) !== 'by-table')
  if (found === undefined) return undefined
  const because = `the jump at ${hex(found.address)} may lead to another function, which returns to the caller in its place`
  return refuse('tail-call', because)
}

function tableTargetsOutside(module: DecodedModule, owner: FunctionCode): number[] {
  if (owner.indirectJumps.length === 0) return []
  const { start, end } = owner.bounds
  const targets = likelyTableTargets(module.code, owner, Float64Array.from(owner.addresses).sort())
  return [...targets].filter((target) => target < start || target >= end)
}

function jumpTarget(instruction: Instruction): number | undefined {
  const target = isNearCall(instruction) ? undefined : directTarget(instruction)
  return target === undefined ? undefined : Number(target)
}

const nearReturns: ReadonlySet<Code> = new Set([Code.Retnq, Code.Retnq_imm16])

function isNearReturn({ code }: Instruction): boolean {
  return nearReturns.has(code)
}

function leavesOddly(instruction: Instruction): boolean {
  return instruction.flowControl === FlowControl.Return && !isNearReturn(instruction)
}
