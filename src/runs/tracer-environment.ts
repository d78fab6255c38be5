import type { HitEnvironment } from '../codegen/interpreter/hit-environment.js'
import type { Value } from '../codegen/interpreter/value.js'
import type { Input } from '../ir/expression.js'
import type { AttachPoint } from './attach-point.js'
import { readComm } from './credentials.js'
import { knownInput } from './known-input.js'
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
  const { pid } = process
  const task = `/proc/${pid}`
  switch (input.kind) {
    case 'tid':
      return BigInt(pid)
    case 'comm':
      return readComm(host.door, task)
    default:
      // What needs registers, the compiler refuses outside of uprobes.
      return knownInput(host, { pid, task, point, pointNumber }, input) ?? 0n
  }
}
