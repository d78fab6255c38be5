import { unreachable } from '../../bytes/assert.js'
import { lowerBuiltin } from '../builtins/lower-builtin.js'
import { lowerCall } from '../functions/lower-call.js'
import type { BlockNode, ExpressionNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerBinary } from './lower-binary.js'
import { lowerCast } from './lower-cast.js'
import { lowerIncrement } from './lower-increment.js'
import { lowerMapRead } from './lower-map.js'
import { lowerElement, lowerMember, lowerTupleMember } from './lower-member.js'
import { lowerOffsetof, lowerSizeof } from './lower-sizeof.js'
import { lowerStatements } from './lower-statement.js'
import { lowerTernary } from './lower-ternary.js'
import { lowerTuple } from './lower-tuple.js'
import { lowerUnary } from './lower-unary.js'
import {
  booleanOperand,
  integerOperand,
  type Operand,
  pure,
  stringOperand,
  unknownOperand,
  voidOperand,
} from './operand.js'

/** Brings an expression into the program: what has effects becomes statements, the rest is the operand. */
export function lowerExpression(node: ExpressionNode, context: HandlerContext): Operand {
  return context.within(node.span, () => lowerNode(node, context), unknownOperand)
}

function lowerNode(node: ExpressionNode, context: HandlerContext): Operand {
  switch (node.kind) {
    case 'integer':
      return integerOperand(node.value)
    case 'string':
      return stringOperand(node.value)
    case 'boolean':
      return booleanOperand(node.value)
    case 'parameter':
      return lowerParameter(node.index, context)
    case 'identifier':
      return lowerBuiltin(node, context)
    case 'variable':
      return lowerVariable(node, context)
    case 'map':
      return lowerMapRead(node, context)
    case 'call':
      return lowerCall(node, context)
    case 'unary':
      return lowerUnary(node, context)
    case 'increment':
      return lowerIncrement(node, context)
    case 'binary':
      return lowerBinary(node, context)
    case 'ternary':
      return lowerTernary(node, context)
    case 'cast':
      return lowerCast(node, context)
    case 'member':
      return lowerMember(node, context)
    case 'tuple-member':
      return lowerTupleMember(node, context)
    case 'element':
      return lowerElement(node, context)
    case 'tuple':
      return lowerTuple(node, context)
    case 'sizeof':
      return lowerSizeof(node, context)
    case 'offsetof':
      return lowerOffsetof(node, context)
    case 'block':
      return lowerBlock(node, context)
    case 'invalid':
      return unknownOperand
    default:
      return unreachable(node)
  }
}

function lowerVariable(node: ExpressionNode & { kind: 'variable' }, context: HandlerContext): Operand {
  const variable = context.variable(node.name)
  if (variable === undefined) {
    context.error(node.span, `Undefined or undeclared variable: ${node.name}`, `assign it first: ${node.name} = …;`)
    return unknownOperand
  }
  if (context.environment.variable(variable.id) === undefined) {
    context.error(node.span, `the type of ${node.name} is not known: nothing is assigned to it`)
    return unknownOperand
  }
  return pure(context.builder.read(variable.local))
}

/** A number where the parameter is one, else text. Parameters that were not given are 0, or "" where text is wanted. */
function lowerParameter(index: number, { options }: HandlerContext): Operand {
  if (index === 0) return integerOperand(BigInt(options.parameters.length))
  const text = options.parameters[index - 1]
  return text === undefined ? integerOperand(0n) : (numericParameter(text) ?? stringOperand(bytesOf(text)))
}

function numericParameter(text: string): Operand | undefined {
  if (!/^-?(?:0[xX][0-9a-fA-F]+|[0-9]+)$/.test(text)) return undefined
  const digits = text.replace(/^-/, '')
  const magnitude = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits.replace(/^0+(?=\d)/, ''))
  const value = text.startsWith('-') ? -magnitude : magnitude
  return value >= 1n << 64n || value < -(1n << 63n) ? undefined : integerOperand(value)
}

/** The bytes of a text, each as a character. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function lowerBlock(node: BlockNode, context: HandlerContext): Operand {
  return context.inScope(() => {
    lowerStatements(node.statements, context)
    if (node.result === undefined) return voidOperand
    const result = lowerExpression(node.result, context)
    // What the block has declared ends with it; its value goes on.
    if (result.place !== undefined || result.constant !== undefined || result.type.kind === 'void') return result
    return { ...result, expression: context.builder.keep(result.expression) }
  })
}
