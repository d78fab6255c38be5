import type { Address } from '../bytes/address.js'
import type { Input } from '../ir/expression.js'
import type { AttachPoint } from './attach-point.js'
import { knownInput } from './known-input.js'
import type { RunHost } from './run-host.js'

/** An attach point at its site in a process. */
export interface PlacedPoint {
  readonly pid: number
  readonly site: Address
  readonly point: AttachPoint
  /** The number by which the program knows the point. */
  readonly pointNumber: number
}

/** What of a hit is known beforehand; `undefined` for what every hit brings along. */
export function siteConstants(host: RunHost, placed: PlacedPoint): (input: Input) => bigint | undefined {
  const place = { ...placed, task: `/proc/${placed.pid}` }
  return (input) => (input.kind === 'register' && input.name === 'ip' ? placed.site : knownInput(host, place, input))
}
