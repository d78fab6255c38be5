import type { Address } from '../bytes/address.js'
import type { Input } from '../ir/expression.js'
import { onlineProcessors } from '../kernel/processor.js'
import type { AttachPoint } from './attach-point.js'
import { readOwner } from './credentials.js'
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
  const { pid, site, point, pointNumber } = placed
  const task = `/proc/${pid}/task/${pid}`
  return (input) => {
    switch (input.kind) {
      case 'register':
        return input.name === 'ip' ? site : undefined
      case 'symbol-address':
        return host.symbolAddress(input.name)
      case 'is-named':
        return input.name === (input.what === 'probe' ? point.probe : point.function) ? 1n : 0n
      case 'pid':
        return BigInt(pid)
      case 'uid':
      case 'user-name':
        return readOwner(host.door, task, 'Uid')
      case 'gid':
        return readOwner(host.door, task, 'Gid')
      case 'probe-name':
      case 'function-name':
        return BigInt(pointNumber)
      case 'child-pid':
        return BigInt(host.childPid ?? 0)
      case 'processors':
        return BigInt(onlineProcessors(host.door).length)
      default:
        return undefined
    }
  }
}
