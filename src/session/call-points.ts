import type { Address } from '../bytes/address.js'
import type { ProgramSites } from './program-sites.js'

/** A function whose calls are probed. */
export interface CallPoint {
  /** `module:symbol` */
  readonly site: string
  /** The handler that runs at its beginning. */
  readonly handler: number
  /** Its jumps to other functions, by the low halves of their addresses: the points of those that have one. */
  readonly tailCalls: ReadonlyMap<number, number | undefined>
}

/** By the numbers of their points. `lost` are those of which some site could not be planted: they are not at work. */
export function callPoints({ points, calls }: ProgramSites, lost: ReadonlySet<number>): CallPoint[] {
  const working = new Map(calls.flatMap(({ point, entry }) => (lost.has(point) ? [] : [[entry, point] as const])))
  const pointAt = (entry: Address | undefined) => (entry === undefined ? undefined : working.get(entry))
  const tails = new Map(calls.map(({ point, tailJumps }) => [point, tailJumps] as const))
  return points.map(({ site = '', handler }, number) => ({
    site,
    handler,
    tailCalls: new Map((tails.get(number) ?? []).map(({ at, to }) => [lowHalf(at), pointAt(to)])),
  }))
}

function lowHalf(address: Address): number {
  return Number(BigInt.asUintN(32, address))
}
