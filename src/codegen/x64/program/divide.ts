import type { DivideStatement } from '../../../ir/statement.js'
import { RAX, RDX } from '../assembler.js'
import { warningCode } from './cold.js'
import { clobber, type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { evaluate } from './evaluate.js'
import { rangeOf } from './integer-range.js'
import { intoLocal, typeOfLocal } from './set-local.js'
import { constantOf } from './simple-operand.js'

/** Unsigned; 1 and a warning where the divisor is 0. */
export function emitDivide(emission: Emission, statement: DivideStatement): void {
  const { code } = emission
  const type = typeOfLocal(emission, statement.local)
  const divisor = constantOf(emission, statement.right)
  withRegister(emission, (result) => {
    if (divisor !== undefined && divisor !== 0n && (divisor & (divisor - 1n)) === 0n)
      dividePower(emission, statement, divisor, result)
    else divideAny(emission, statement, result)
    const { width, signed, isBool } = rangeOf(type)
    intoLocal(emission, statement.local, (local) => {
      if (width < 8) code.load(local, result, width, signed)
      else code.move(local, result)
      if (!isBool) return
      code.test(local, local)
      code.setIf('ne', local)
    })
  })
}

function dividePower(emission: Emission, { op, left }: DivideStatement, divisor: bigint, result: number): void {
  const { code } = emission
  const shift = divisor.toString(2).length - 1
  evaluate(emission, left, result)
  if (op === 'divide') code.shift('shr', result, shift)
  else if (shift < 31) code.arithmeticImmediate('and', result, divisor - 1n)
  else {
    code.shift('shl', result, 64 - shift)
    code.shift('shr', result, 64 - shift)
  }
}

function divideAny(emission: Emission, { op, left, right, span }: DivideStatement, result: number): void {
  const { code } = emission
  const [done, isZero] = [newLabel(), newLabel()]
  withRegister(emission, (divisor) => {
    evaluate(emission, left, result)
    evaluate(emission, right, divisor)
    code.test(divisor, divisor)
    code.jumpIf('e', isZero)
    clobber(emission, RAX, RDX)
    code.move(RAX, result)
    code.moveImmediate(RDX, 0n)
    code.divide(divisor)
    code.move(result, op === 'divide' ? RAX : RDX)
    code.bind(done)
  })
  const warning = warningCode(emission, 'division-by-zero', span, done)
  emitCold(emission, () => {
    code.bind(isZero)
    code.moveImmediate(result, 1n)
    code.jump(warning)
  })
}
