import type { Clock, Sample } from '../../ir/statement.js'
import { uint64, type ValueType } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { type Operand, pure, unknownOperand } from '../analysis/operand.js'
import type { FunctionEntry } from './function-entry.js'

const clocks: Readonly<Record<string, Clock>> = { boot: 'boot', monotonic: 'monotonic', tai: 'tai', sw_tai: 'tai' }

export const nsecs: FunctionEntry = {
  name: 'nsecs',
  signature: 'uint64 nsecs([boot|monotonic|tai|sw_tai])',
  arguments: [0, 1],
  lower(call, context) {
    const [mode] = call.arguments
    const name = mode === undefined ? 'boot' : mode.kind === 'identifier' ? mode.name : ''
    const clock = Object.hasOwn(clocks, name) ? clocks[name] : undefined
    if (clock !== undefined) return lowerSample({ kind: 'clock', clock }, uint64, context)
    context.error(mode?.span ?? call.span, 'Invalid timestamp mode', 'the clocks are boot, monotonic, tai and sw_tai')
    return unknownOperand
  },
}

/** What may be another value each time it is asked for. */
export function lowerSample(source: Sample, type: ValueType, { builder }: HandlerContext): Operand {
  const local = builder.temporary(type)
  builder.emit({ op: 'sample', local, source })
  return pure(builder.read(local))
}
