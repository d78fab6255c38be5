import { assert } from '../../../bytes/assert.js'
import type { BinaryExpression, Expression, Input } from '../../../ir/expression.js'
import { isScalar } from '../../../ir/value-type.js'
import { partsOf } from '../../../ir/walk-expression.js'
import { SLOT } from '../../../store/program-layout.js'
import { RCX, type Register } from '../assembler.js'
import { evaluateCall } from './call.js'
import { isComparison, jumpUnless, setToTruth } from './condition.js'
import { clobber, type Emission, newLabel, withFrame, withRegister } from './emission.js'
import { type Arithmetic, fitsInt32 } from './encoder.js'
import { evaluateExtract } from './extract.js'
import { isSameInRegister, rangeOf } from './integer-range.js'
import { NotGenerated } from './not-generated.js'
import { memory, type RegisterOrPlace } from './operand.js'
import { constantOf, hitRegister, simpleOperand } from './simple-operand.js'

/**
 * Leaves a scalar in a register, extended to 64 bits by its sign. Nothing in the expression may live in that register. May change work
 * registers.
 */
export function evaluate(emission: Emission, expression: Expression, to: Register): void {
  const { code } = emission
  const known = constantOf(emission, expression)
  if (known !== undefined) {
    code.moveImmediate(to, known)
    return
  }
  const simple = simpleOperand(emission, expression)
  if (simple?.kind === 'at') {
    code.move(to, simple.place)
    return
  }
  if (isComparison(expression)) {
    setToTruth(emission, expression, to)
    return
  }
  switch (expression.op) {
    case 'input':
      evaluateInput(emission, expression, to)
      return
    case 'negate':
      evaluate(emission, expression.value, to)
      code.negate(to)
      wrapIn(emission, expression, to)
      return
    case 'complement':
      evaluate(emission, expression.value, to)
      code.complement(to)
      wrapIn(emission, expression, to)
      return
    case 'convert':
      evaluate(emission, expression.value, to)
      if (!isSameInRegister(expression.value.type, expression.type)) wrapIn(emission, expression, to)
      return
    case 'choose':
      evaluateChoice(emission, expression, to)
      return
    case 'extract':
      withFrame(emission, () => evaluateExtract(emission, expression, to))
      return
    case 'call':
      withFrame(emission, () => evaluateCall(emission, expression, to))
      return
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'and':
    case 'or':
    case 'xor':
      evaluateArithmetic(emission, expression, to)
      wrapIn(emission, expression, to)
      return
    case 'shift-left':
    case 'shift-right':
      evaluateShift(emission, expression, to)
      wrapIn(emission, expression, to)
      return
    default:
      throw new NotGenerated(`the expression ${expression.op}`)
  }
}

/** Runs `body` with the register that holds the value: the expression's own one if it has one. */
export function withValue<T>(emission: Emission, expression: Expression, body: (value: Register) => T): T {
  const simple = simpleOperand(emission, expression)
  if (simple?.kind === 'at' && typeof simple.place === 'number') return body(simple.place)
  return withRegister(emission, (register) => {
    evaluate(emission, expression, register)
    return body(register)
  })
}

/** Brings the bits of a register to the range of the expression's type. */
function wrapIn({ code }: Emission, { type }: Expression, register: Register): void {
  const { width, signed, isBool } = rangeOf(type)
  if (isBool) {
    code.test(register, register)
    code.setIf('ne', register)
  } else if (width < 8) code.load(register, register, width, signed)
}

function evaluateInput(emission: Emission, { type, input }: Expression & { op: 'input' }, to: Register): void {
  const { code, hit } = emission
  const register = hitRegister(input)
  if (register !== undefined) code.move(to, hit.register(register))
  else if (input.kind === 'register' && input.name === 'sp') code.address(to, hit.stackPointer)
  else if (input.kind === 'tid') loadThreadId(emission, to)
  else throw new NotGenerated(inputText(input))
  wrapIn(emission, { op: 'input', type, input }, to)
}

function loadThreadId({ code, slot }: Emission, to: Register): void {
  assert(slot !== undefined, 'the slot has been found')
  code.load(to, memory(slot, SLOT.tid), 4, false)
}

function inputText(input: Input): string {
  return input.kind === 'register' ? `reg("${input.name}")` : input.kind
}

function evaluateChoice(emission: Emission, expression: Expression & { op: 'choose' }, to: Register): void {
  const otherwise = newLabel()
  const done = newLabel()
  jumpUnless(emission, expression.condition, otherwise)
  evaluate(emission, expression.consequent, to)
  emission.code.jump(done)
  emission.code.bind(otherwise)
  evaluate(emission, expression.alternative, to)
  emission.code.bind(done)
}

const operations: ReadonlyMap<string, Arithmetic> = new Map([
  ['add', 'add'],
  ['subtract', 'sub'],
  ['and', 'and'],
  ['or', 'or'],
  ['xor', 'xor'],
])
const commutative: ReadonlySet<string> = new Set(['add', 'multiply', 'and', 'or', 'xor'])

function evaluateArithmetic(emission: Emission, expression: BinaryExpression, to: Register): void {
  const { left, right } = ordered(emission, expression)
  withRightOperand(emission, left, right, to, (operand) => combine(emission, expression, to, operand))
}

/** The simple side goes right, where no register is needed for it. */
function ordered(emission: Emission, { op, left, right }: BinaryExpression): { left: Expression; right: Expression } {
  const swaps =
    commutative.has(op) &&
    (constantOf(emission, left) !== undefined || depthOf(right) > depthOf(left)) &&
    constantOf(emission, right) === undefined
  return swaps ? { left: right, right: left } : { left, right }
}

function depthOf(expression: Expression): number {
  return partsOf(expression).reduce((deepest, part) => Math.max(deepest, 1 + depthOf(part)), 0)
}

/** Evaluates `left` into the register and calls `body` with where `right` is: a number, a register, or memory. */
function withRightOperand(
  emission: Emission,
  left: Expression,
  right: Expression,
  to: Register,
  body: (operand: RegisterOrPlace | bigint) => void,
): void {
  const simple = simpleOperand(emission, right)
  if (simple !== undefined) {
    evaluate(emission, left, to)
    body(simple.kind === 'number' ? simple.value : simple.place)
  } else if (emission.pool.free > SPARE_REGISTERS) {
    withRegister(emission, (other) => {
      evaluate(emission, left, to)
      evaluate(emission, right, other)
      body(other)
    })
  } else {
    withFrame(emission, () => {
      const kept = emission.frame.take(8)
      evaluate(emission, right, to)
      emission.code.move(kept, to)
      evaluate(emission, left, to)
      body(kept)
    })
  }
}

/** Left for those who cannot do with memory. */
const SPARE_REGISTERS = 3

function combine({ code }: Emission, { op }: BinaryExpression, to: Register, operand: RegisterOrPlace | bigint): void {
  if (op === 'multiply') {
    if (typeof operand === 'bigint') multiplyBy(code, to, BigInt.asIntN(64, operand))
    else code.multiply(to, operand)
    return
  }
  const operation = operations.get(op)
  if (operation === undefined) throw new NotGenerated(`the operation ${op}`)
  if (typeof operand === 'bigint') code.arithmeticImmediate(operation, to, operand)
  else code.arithmetic(operation, to, operand)
}

function multiplyBy(code: Emission['code'], to: Register, factor: bigint): void {
  const shift = factor > 0n && (factor & (factor - 1n)) === 0n ? factor.toString(2).length - 1 : undefined
  if (shift !== undefined) code.shift('shl', to, shift)
  else code.multiplyImmediate(to, to, factor)
}

function evaluateShift(emission: Emission, { op, left, right }: BinaryExpression, to: Register): void {
  const { code } = emission
  const shift = op === 'shift-left' ? 'shl' : 'shr'
  const count = constantOf(emission, right)
  if (count !== undefined) {
    evaluate(emission, left, to)
    code.shift(shift, to, Number(count & 63n))
    return
  }
  withRightOperand(emission, left, right, to, (operand) => {
    if (typeof operand === 'bigint') {
      code.shift(shift, to, Number(operand & 63n))
      return
    }
    clobber(emission, RCX)
    code.move(RCX, operand)
    code.shiftByCl(shift, to)
  })
}

/** Whether a store of an immediate can do it. */
export function asImmediate(emission: Emission, expression: Expression): bigint | undefined {
  if (!isScalar(expression.type)) return undefined
  const known = constantOf(emission, expression)
  return known !== undefined && fitsInt32(known) ? known : undefined
}
