import { sizeOf } from '../../../ir/layout.js'
import type { Handler } from '../../../ir/program.js'
import { localType } from '../../../ir/statement.js'
import { isScalar } from '../../../ir/value-type.js'
import type { Register } from '../assembler.js'
import type { LocalPlace } from './emission.js'
import type { Frame } from './frame.js'
import type { HandlerRanges } from './live-ranges.js'

/** Where everything lives that outlasts a statement. */
export interface Assignment {
  readonly locals: ReadonlyMap<number, LocalPlace>
  readonly slot: Register | undefined
  /** Those left for values inside of a statement. */
  readonly temporaries: readonly Register[]
  /** Locals to be set to zero at first. */
  readonly zeroed: readonly number[]
}

export interface RegisterSupply {
  /** In order of preference. */
  readonly registers: readonly Register[]
  /** How many of them are kept for values inside of a statement. */
  readonly temporaries: number
}

interface Candidate {
  readonly local: number | 'slot'
  readonly from: number
  readonly to: number
  readonly weight: number
}

/**
 * Gives registers, in order of preference, to the locals that are used most, and to none that is alive at the same time as another in
 * the same register (linear scan: Poletto and Sarkar, 1999). The rest, and every block, gets a place in the frame.
 */
export function assignLocals(
  handler: Handler,
  { locals, slot }: HandlerRanges,
  { registers, temporaries }: RegisterSupply,
  frame: Frame,
): Assignment {
  const isInRegister = (local: number): boolean => isScalar(localType(handler.locals, local))
  const candidates: Candidate[] = locals.filter(({ local }) => isInRegister(local))
  if (slot !== undefined) candidates.push({ ...slot, local: 'slot', weight: Number.POSITIVE_INFINITY })
  const given = scan(candidates, registers.slice(0, Math.max(1, registers.length - temporaries)))
  const places = new Map<number, LocalPlace>()
  for (const { local } of locals) {
    const type = localType(handler.locals, local)
    places.set(local, given.get(local) ?? frame.take(isScalar(type) ? 8 : sizeOf(type)))
  }
  const taken = new Set(given.values())
  return {
    locals: places,
    slot: given.get('slot'),
    temporaries: registers.filter((register) => !taken.has(register)),
    zeroed: locals.filter(({ beginsAsZero }) => beginsAsZero).map(({ local }) => local),
  }
}

function scan(candidates: readonly Candidate[], registers: readonly Register[]): Map<number | 'slot', Register> {
  const given = new Map<number | 'slot', Register>()
  const free = [...registers]
  let active: Candidate[] = []
  for (const candidate of candidates.toSorted((a, b) => a.from - b.from)) {
    for (const { local } of active.filter(({ to }) => to < candidate.from)) free.unshift(given.get(local) ?? -1)
    active = active.filter(({ to }) => to >= candidate.from)
    const register = free.shift() ?? takeFrom(active, candidate, given)
    if (register === undefined) continue
    given.set(candidate.local, register)
    active = [...active.filter(({ local }) => given.has(local)), candidate]
  }
  return given
}

/** The register of one that is used less. */
function takeFrom(
  active: readonly Candidate[],
  { weight }: Candidate,
  given: Map<number | 'slot', Register>,
): Register | undefined {
  const [least] = active.toSorted((a, b) => a.weight - b.weight)
  if (least === undefined || least.weight >= weight) return undefined
  const register = given.get(least.local)
  given.delete(least.local)
  return register
}
