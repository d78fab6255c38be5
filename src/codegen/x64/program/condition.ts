import type { BinaryExpression, Expression } from '../../../ir/expression.js'
import type { Label, Register } from '../assembler.js'
import { type Emission, withFrame } from './emission.js'
import { type Condition, negated } from './encoder.js'
import { emitEqual } from './equal.js'
import { evaluate, withValue } from './evaluate.js'
import { constantOf, simpleOperand } from './simple-operand.js'

const comparisons: ReadonlyMap<string, Condition> = new Map([
  ['is-equal', 'e'],
  ['is-different', 'ne'],
  ['is-below', 'b'],
  ['is-below-signed', 'l'],
  ['is-at-most', 'be'],
  ['is-at-most-signed', 'le'],
])

/** What a condition becomes if its sides change places. */
const mirrored: ReadonlyMap<Condition, Condition> = new Map([
  ['b', 'a'],
  ['be', 'ae'],
  ['l', 'g'],
  ['le', 'ge'],
])

/** Whether the expression is best computed as flags. */
export function isComparison(expression: Expression): boolean {
  return comparisons.has(expression.op) || expression.op === 'not' || expression.op === 'equal'
}

export function setToTruth(emission: Emission, expression: Expression, to: Register): void {
  const condition = emitFlags(emission, expression, to)
  emission.code.setIf(condition, to)
}

/** Jumps if the scalar is 0, else goes on behind. */
export function jumpUnless(emission: Emission, expression: Expression, label: Label): void {
  jumpIfTruth(emission, expression, false, label)
}

/** Jumps if whether the scalar is not 0 is `wanted`, else goes on behind. */
export function jumpIfTruth(emission: Emission, expression: Expression, wanted: boolean, label: Label): void {
  const known = constantOf(emission, expression)
  if (known !== undefined) {
    if ((known !== 0n) === wanted) emission.code.jump(label)
    return
  }
  const condition = emitFlags(emission, expression, undefined)
  emission.code.jumpIf(wanted ? condition : negated(condition), label)
}

/** Sets the flags; the condition under which the expression is not 0. `scratch` may be used if it is given. */
function emitFlags(emission: Emission, expression: Expression, scratch: Register | undefined): Condition {
  if (expression.op === 'not') return negated(emitFlags(emission, expression.value, scratch))
  if (expression.op === 'convert' && expression.type.kind === 'bool')
    return emitFlags(emission, expression.value, scratch)
  if (expression.op === 'equal') return withFrame(emission, () => emitEqual(emission, expression))
  if (isBinary(expression)) return emitCompare(emission, expression, scratch)
  const simple = simpleOperand(emission, expression)
  if (simple?.kind === 'at' && typeof simple.place !== 'number') {
    emission.code.arithmeticImmediate('cmp', simple.place, 0n)
    return 'ne'
  }
  inRegister(emission, expression, scratch, (value) => emission.code.test(value, value))
  return 'ne'
}

function isBinary(expression: Expression): expression is BinaryExpression {
  return comparisons.has(expression.op)
}

function emitCompare(emission: Emission, expression: BinaryExpression, scratch: Register | undefined): Condition {
  const condition = comparisons.get(expression.op) ?? 'e'
  const swaps = constantOf(emission, expression.left) !== undefined
  const [left, right] = swaps ? [expression.right, expression.left] : [expression.left, expression.right]
  emitCompareOf(emission, left, right, scratch)
  return swaps ? (mirrored.get(condition) ?? condition) : condition
}

function emitCompareOf(emission: Emission, left: Expression, right: Expression, scratch: Register | undefined): void {
  const { code } = emission
  const [first, second] = [simpleOperand(emission, left), simpleOperand(emission, right)]
  if (second?.kind === 'number') {
    if (first?.kind === 'at' && typeof first.place !== 'number')
      code.arithmeticImmediate('cmp', first.place, second.value)
    else inRegister(emission, left, scratch, (value) => code.arithmeticImmediate('cmp', value, second.value))
  } else if (second?.kind === 'at') {
    inRegister(emission, left, scratch, (value) => code.arithmetic('cmp', value, second.place))
  } else compareComplex(emission, left, right, scratch)
}

/** Both sides need code: the right one waits in the frame, and the left one in a register that nothing else uses. */
function compareComplex(emission: Emission, left: Expression, right: Expression, scratch: Register | undefined): void {
  withFrame(emission, () => {
    const kept = emission.frame.take(8)
    inRegister(emission, right, scratch, (value) => emission.code.move(kept, value))
    inRegister(emission, left, scratch, (value) => emission.code.arithmetic('cmp', value, kept))
  })
}

function inRegister(
  emission: Emission,
  expression: Expression,
  scratch: Register | undefined,
  body: (value: Register) => void,
): void {
  const simple = simpleOperand(emission, expression)
  if (scratch === undefined || (simple?.kind === 'at' && typeof simple.place === 'number')) {
    withValue(emission, expression, body)
    return
  }
  evaluate(emission, expression, scratch)
  body(scratch)
}
