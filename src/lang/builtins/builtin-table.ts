import type { SimpleInput } from '../../ir/expression.js'
import { integer, stringOf, uint32, uint64, type ValueType } from '../../ir/value-type.js'
import { type Operand, pure, typedConstant, unknownOperand } from '../analysis/operand.js'
import { lowerSample } from '../functions/nsecs.js'
import { lowerPlainStack } from '../functions/ustack.js'
import type { BuiltinEntry } from './builtin-entry.js'
import { inProbes } from './in-probes.js'

/** Linux's TASK_COMM_LEN. */
const COMM_SIZE = 16

const entries: readonly BuiltinEntry[] = [
  input('pid', 'pid', uint32),
  input('tid', 'tid', uint32),
  input('uid', 'uid', uint64),
  input('gid', 'gid', uint64),
  input('comm', 'comm', stringOf(COMM_SIZE)),
  input('probe', 'probe-name', { kind: 'probe-name' }),
  input('ncpus', 'processors', uint64),
  sampled('nsecs', (context) => lowerSample({ kind: 'clock', clock: 'boot' }, uint64, context)),
  sampled('elapsed', (context) => lowerSample({ kind: 'elapsed' }, uint64, context)),
  sampled('cpu', (context) => lowerSample({ kind: 'processor' }, uint32, context)),
  sampled('rand', (context) => lowerSample({ kind: 'random' }, uint32, context)),
  { name: 'ustack', lower: (node, context) => lowerPlainStack(node.span, context) },
  { name: 'usermode', lower: () => typedConstant(1n, integer(8, false)) },
  {
    name: 'username',
    lower: () =>
      pure({ op: 'convert', type: { kind: 'username' }, value: { op: 'input', type: uint64, input: { kind: 'uid' } } }),
  },
  {
    name: 'func',
    lower: (node, context) =>
      inProbes(['uprobe', 'uretprobe'], 'func', node.span, context, () =>
        pure({ op: 'input', type: { kind: 'function-name' }, input: { kind: 'function-name' } }),
      ),
  },
  {
    name: 'retval',
    lower: (node, context) =>
      inProbes(['uretprobe'], 'retval', node.span, context, () =>
        pure({ op: 'input', type: uint64, input: { kind: 'return-value' } }),
      ),
  },
  {
    name: 'began',
    lower: (node, context) =>
      inProbes(['uretprobe'], 'began', node.span, context, () => pure(context.builder.callBegan())),
  },
  {
    name: 'cpid',
    lower: (node, context) => {
      if (context.options.hasChild) return pure({ op: 'input', type: uint32, input: { kind: 'child-pid' } })
      context.error(node.span, 'cpid cannot be used without child command', "start the target with -c 'COMMAND'")
      return unknownOperand
    },
  },
]

export const builtins: ReadonlyMap<string, BuiltinEntry> = new Map(entries.map((entry) => [entry.name, entry]))

function input(name: string, kind: SimpleInput, type: ValueType): BuiltinEntry {
  return { name, lower: () => pure({ op: 'input', type, input: { kind } }) }
}

function sampled(name: string, sample: (context: Parameters<BuiltinEntry['lower']>[1]) => Operand): BuiltinEntry {
  return { name, lower: (_node, context) => sample(context) }
}
