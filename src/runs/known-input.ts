import { unreachable } from '../bytes/assert.js'
import type { Input } from '../ir/expression.js'
import { onlineProcessors } from '../kernel/processor.js'
import type { AttachPoint } from './attach-point.js'
import { readOwner } from './credentials.js'
import type { RunHost } from './run-host.js'

/** Where a handler runs. */
export interface HandlerPlace {
  readonly pid: number
  /** The directory in /proc of the thread whose user it is. */
  readonly task: string
  readonly point: AttachPoint
  /** The number by which the program knows the point. */
  readonly pointNumber: number
}

/** What of a hit is the same at every hit; `undefined` for what each brings along. */
export function knownInput(host: RunHost, place: HandlerPlace, input: Input): bigint | undefined {
  const { pid, task, point, pointNumber } = place
  switch (input.kind) {
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
    case 'argument':
    case 'register':
    case 'return-value':
    case 'tid':
    case 'comm':
      return undefined
    default:
      return unreachable(input)
  }
}
