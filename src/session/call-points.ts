import type { Address } from '../bytes/address.js'
import type { ProgramSites } from './program-sites.js'

/** A function whose calls are probed. */
export interface CallPoint {
  /** `module:symbol` */
  readonly site: string
  /** The handler that runs at its beginning. */
  readonly handler: number
  /** Some site of it could not be planted: it is not at work. */
  readonly isLost: boolean
  /** Its jumps to other functions, by the low halves of their addresses: the points of those that have one. */
  readonly tailCalls: ReadonlyMap<number, number | undefined>
}

/** By the numbers of their points; `lost` are those that are not at work. */
export function callPoints({ points, calls }: ProgramSites, lost: ReadonlySet<number>): CallPoint[] {
  const working = new Map(calls.flatMap(({ point, entry }) => (lost.has(point) ? [] : [[entry, point] as const])))
  const pointAt = (entry: Address | undefined) => (entry === undefined ? undefined : working.get(entry))
  const tails = new Map(calls.map(({ point, tailJumps }) => [point, tailJumps] as const))
  return points.map(({ site = '', handler }, number) => ({
    site,
    handler,
    isLost: lost.has(number),
    tailCalls: new Map((tails.get(number) ?? []).map(({ at, to }) => [lowHalf(at), pointAt(to)])),
  }))
}

function lowHalf(address: Address): number {
  return Number(BigInt.asUintN(32, address))
}
