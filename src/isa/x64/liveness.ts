import type { FunctionBounds } from '../code-facts.js'
import type { SiteAnalysis } from '../site-analysis.js'
import { directTarget } from './direct-target.js'
import { ALL_FLAGS, ALL_REGISTERS, effectsOf, endsKnowledge, type StateBits } from './effects.js'
import { FlowControl } from './iced.js'
import { InstructionCursor } from './instruction-cursor.js'
import { type ModuleCode, textBytes } from './module-code.js'
import { RSP } from './registers.js'

/** How many instructions the walk looks at. More finds hardly more. */
const WALK_LIMIT = 64

interface Walk {
  readonly bytes: Uint8Array
  readonly cursor: InstructionCursor
  /** What has been followed from each offset on: a path that comes again with nothing new ends. */
  readonly followed: Map<number, StateBits>
  /** Paths to follow: offset, and what is neither read nor overwritten on the way to it. */
  readonly pending: [offset: number, undecided: StateBits][]
  live: StateBits
  left: number
}

/**
 * Registers and flags that are overwritten before they are read on every path from the site. A bounded walk over the
 * function's own instructions; whatever is undecided where the walk ends (a call, a return, an indirect jump, a system
 * call, the function's end, the limit) counts as live. Calls and returns free nothing: `gcc -fipa-ra` keeps values
 * in call-clobbered registers across calls of functions that it has seen, and hand-written code may hand on flags.
 */
export function liveness(
  code: ModuleCode,
  bounds: FunctionBounds,
  site: number,
): Pick<SiteAnalysis, 'flagsDead' | 'deadRegisters'> {
  const bytes = textBytes(code, bounds.start, bounds.end - bounds.start)
  using cursor = new InstructionCursor(bytes, bounds.start)
  const walk: Walk = {
    bytes,
    cursor,
    followed: new Map(),
    pending: [[site - bounds.start, ALL_REGISTERS | ALL_FLAGS]],
    live: 0,
    left: WALK_LIMIT,
  }
  for (let path = walk.pending.pop(); path !== undefined; path = walk.pending.pop()) follow(walk, bounds, ...path)
  return { flagsDead: (walk.live & ALL_FLAGS) === 0, deadRegisters: deadRegisters(walk.live) }
}

/**
 * What a function has to preserve (System V ABI, figure 3.4): rbx, rbp, r12 to r15. When the instruction that is to
 * overwrite one faults, and the program makes an exception of that, the landing pad still finds the old value in it.
 */
const unwound = [3, 5, 12, 13, 14, 15]
const neverDead: StateBits = [RSP, ...unwound].reduce((bits, register) => bits | (1 << register), 0)

function deadRegisters(live: StateBits): number[] {
  const dead: number[] = []
  for (let register = 0; register < 16; register++) {
    if ((((live | neverDead) >>> register) & 1) === 0) dead.push(register)
  }
  return dead
}

/** Follows one path until everything on it is decided. */
function follow(walk: Walk, bounds: FunctionBounds, offset: number, undecided: StateBits): void {
  walk.cursor.seek(offset)
  let open = undecided & ~walk.live
  while (open !== 0) {
    const at = walk.cursor.nextOffset
    const before = walk.followed.get(at) ?? 0
    open &= ~before
    if (open === 0) return
    walk.followed.set(at, before | open)
    const after = step(walk, bounds, open)
    if (after === undefined) {
      walk.live |= open
      return
    }
    open = after & ~walk.live
  }
}

/** Runs one instruction over the undecided bits; undefined where knowledge ends. */
function step(walk: Walk, bounds: FunctionBounds, open: StateBits): StateBits | undefined {
  const { cursor } = walk
  if (walk.left-- <= 0 || !cursor.next()) return undefined
  const { instruction } = cursor
  if (endsKnowledge(instruction)) return undefined
  const effects = effectsOf(instruction, walk.bytes, cursor.offset, cursor.nextOffset)
  walk.live |= open & effects.reads
  const after = open & ~effects.reads & ~effects.kills
  if (instruction.flowControl === FlowControl.Next) return after
  return branch(walk, bounds, after)
}

function branch(walk: Walk, bounds: FunctionBounds, undecided: StateBits): StateBits | undefined {
  const { instruction } = walk.cursor
  const target = Number(directTarget(instruction))
  // A file may claim that a function ends behind the text that it has.
  const inside = target >= bounds.start && target < bounds.start + walk.bytes.length
  if (!inside) walk.live |= undecided
  if (instruction.flowControl === FlowControl.UnconditionalBranch) {
    if (!inside) return 0
    walk.cursor.seek(target - bounds.start)
    return undecided
  }
  if (inside && undecided !== 0) walk.pending.push([target - bounds.start, undecided])
  return undecided
}
