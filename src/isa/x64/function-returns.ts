import { hex, type Vaddr } from '../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { CodeFacts } from '../code-facts.js'
import type { CallEnds, FollowedFunction, ReturnFinder, TailJump } from '../function-returns.js'
import { exitFinder, type FunctionEnds, tailCall } from './function-exits.js'

/** Functions that a call may go on in. Beyond, a probe of one function would be one of hundreds. */
const MAX_FOLLOWED = 16

/** Architecture.returnFinder. */
export function returnFinder(facts: CodeFacts): ReturnFinder {
  const endsOf = exitFinder(facts)
  return (entry) => {
    const ends = endsOf(entry)
    if (isRefusal(ends)) return ends
    const followed = withFollowed(endsOf, entry, ends)
    if (isRefusal(followed)) return followed
    const known = new Set<Vaddr>()
    return { kind: 'returns', ...callEnds(ends, known), followed: followedFunctions(followed, known) }
  }
}

/** By their beginnings: the function, then those that return in its place. */
type Members = ReadonlyMap<Vaddr, FunctionEnds>

/** Parts that several functions have are there once. */
function callEnds({ returns, tailJumps }: FunctionEnds, known: Set<Vaddr>): CallEnds {
  const fresh = (address: Vaddr): boolean => !known.has(address) && known.add(address).size > 0
  return { at: returns.filter(fresh), tailJumps: tailJumps.map(({ at }) => at).filter(fresh) }
}

function followedFunctions(members: Members, known: Set<Vaddr>): FollowedFunction[] {
  return [...members].slice(1).map(([begin, ends]) => ({ begin, ...callEnds(ends, known) }))
}

function withFollowed(
  endsOf: (entry: Vaddr) => FunctionEnds | Refusal,
  entry: Vaddr,
  ends: FunctionEnds,
): Members | Refusal {
  const members = new Map([[entry, ends]])
  for (const { tailJumps } of members.values()) {
    for (const jump of tailJumps) {
      const { to } = jump
      if (to === undefined) return tailCall(jump)
      if (to === entry) return refuse('tail-call', `${leaves(jump)} and leads back to its beginning, within one call`)
      if (members.has(to)) continue
      if (members.size > MAX_FOLLOWED)
        return refuse(
          'tail-call',
          `it may go on in more than ${MAX_FOLLOWED} other functions, which return in its place`,
        )
      const next = endsOf(to)
      if (isRefusal(next)) return refuse('tail-call', `${leaves(jump)}, which cannot be followed: ${next.because}`)
      if (next.repeats)
        return refuse('tail-call', `${leaves(jump)}, where a loop leads to the beginning: that looks like another call`)
      members.set(to, next)
    }
  }
  return members.size === 1 ? members : (entersOtherwise(members) ?? members)
}

/** Why one of the functions could be come to from another one, but not by a jump that is known. */
function entersOtherwise(members: Members): Refusal | undefined {
  for (const [start, { parts, tableTargets, runsOn }] of members) {
    if (runsOn !== undefined)
      return refuse(
        'tail-call',
        `it may go on in the function at ${hex(start)}, which runs on into what is at ${hex(runsOn)}`,
      )
    const found = [...members.keys()].find(
      (other) =>
        tableTargets.includes(other) ||
        (other !== start && parts.some((part) => other >= part.start && other < part.end)),
    )
    if (found !== undefined)
      return refuse(
        'tail-call',
        `it may go on in the function at ${hex(found)}, which is a part of that at ${hex(start)}`,
      )
  }
  return undefined
}

function leaves({ at, to }: TailJump): string {
  return `the jump at ${hex(at)} leaves the function for ${hex(to ?? 0)}`
}
