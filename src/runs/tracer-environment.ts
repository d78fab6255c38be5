import type { HitEnvironment } from '../codegen/interpreter/hit-environment.js'
import type { Value } from '../codegen/interpreter/value.js'
import type { Input } from '../ir/expression.js'
import { onlineProcessors } from '../kernel/processor.js'
import type { AttachPoint } from './attach-point.js'
import { readComm, readOwner } from './credentials.js'
import type { RunHost } from './run-host.js'
import { takeSample } from './sample.js'

/** What BEGIN, END, interval and self run in: the tracer itself. It has no registers, and no memory that can be read. */
export function tracerEnvironment(host: RunHost, point: AttachPoint, pointNumber: number): HitEnvironment {
  return {
    input: (input) => inputOf(host, point, pointNumber, input),
    sample: (source) => takeSample(source, host.door, host.startedNs, () => undefined),
    readMemory: () => new Uint8Array(0),
    stack: () => [],
  }
}

function inputOf(host: RunHost, point: AttachPoint, pointNumber: number, input: Input): Value {
  const task = `/proc/${process.pid}`
  switch (input.kind) {
    case 'is-named':
      return input.name === (input.what === 'probe' ? point.probe : point.function) ? 1n : 0n
    case 'symbol-address':
      return host.symbolAddress(input.name)
    case 'pid':
    case 'tid':
      return BigInt(process.pid)
    case 'uid':
    case 'user-name':
      return readOwner(host.door, task, 'Uid')
    case 'gid':
      return readOwner(host.door, task, 'Gid')
    case 'comm':
      return readComm(host.door, task)
    case 'probe-name':
    case 'function-name':
      return BigInt(pointNumber)
    case 'child-pid':
      return BigInt(host.childPid ?? 0)
    case 'processors':
      return BigInt(onlineProcessors(host.door).length)
    // The compiler refuses these outside of uprobes.
    case 'argument':
    case 'register':
    case 'return-value':
      return 0n
    default:
      return 0n
  }
}
