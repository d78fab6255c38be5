import { assert } from '../../../bytes/assert.js'
import { callPoint } from '../../../ir/call-key.js'
import type { PointRange } from './followed-calls.js'
import type { SiteHandler } from './handler-code.js'

/** Handlers of a site, in their order; those of many points at one site are looked at only where one of them has a call. */
export type SitePart =
  | { readonly kind: 'handler'; readonly at: number }
  | { readonly kind: 'guarded'; readonly points: PointRange; readonly parts: readonly SitePart[] }

/** So many handlers are looked at one by one. */
const FEW = 3
/** A guard is followed by so many guards. */
const FAN_OUT = 8

export function siteParts(handlers: readonly SiteHandler[]): SitePart[] {
  const parts: SitePart[] = []
  for (let at = 0; at < handlers.length; ) {
    const end = runEnd(handlers, at)
    parts.push(...partsOf(handlers, at, Math.max(end, at + 1)))
    at = Math.max(end, at + 1)
  }
  return parts
}

/** Behind the handlers from there on that do nothing where no call of theirs is known. */
function runEnd(handlers: readonly SiteHandler[], from: number): number {
  const others = handlers.slice(from).findIndex((each) => !needsCall(each))
  return others === -1 ? handlers.length : from + others
}

function needsCall({ handler, isFollowed }: SiteHandler): boolean {
  const op = handler.body[0]?.op
  return isFollowed === true && (op === 'take-call' || op === 'pass-call' || op === 'receive-call')
}

function partsOf(handlers: readonly SiteHandler[], from: number, to: number): SitePart[] {
  const count = to - from
  if (count <= FEW) return Array.from({ length: count }, (_, at) => ({ kind: 'handler', at: from + at }))
  const points = { first: pointOf(handlers[from]), last: pointOf(handlers[to - 1]) }
  const share = Math.max(FEW, Math.ceil(count / FAN_OUT))
  const starts = Array.from({ length: Math.ceil(count / share) }, (_, at) => from + at * share)
  const parts = starts.flatMap((start) => partsOf(handlers, start, Math.min(to, start + share)))
  return [{ kind: 'guarded', points, parts }]
}

/** They come in the order of their numbers. */
function pointOf(handler: SiteHandler | undefined): bigint {
  assert(callPoint.op === 'input', 'a point is an input')
  const point = handler?.constant(callPoint.input)
  assert(point !== undefined, 'the attach point is known at its site')
  return point
}
