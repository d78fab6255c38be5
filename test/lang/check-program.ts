import type { Expression } from '../../src/ir/expression.js'
import { sizeOf } from '../../src/ir/layout.js'
import type { Handler, Program } from '../../src/ir/program.js'
import type { Statement } from '../../src/ir/statement.js'
import { sizedTypeText } from '../../src/ir/type-text.js'
import { isAggregate, isScalar, type ValueType } from '../../src/ir/value-type.js'

/** What a code generator relies on and a program breaks; nothing, if the compiler is right. */
export function programProblems(program: Program): string[] {
  return program.handlers.flatMap((handler) =>
    handler.body.flatMap((statement) => problemsOf(statement, handler, program)),
  )
}

function problemsOf(statement: Statement, handler: Handler, program: Program): string[] {
  const inner = (body: readonly Statement[]): string[] => body.flatMap((part) => problemsOf(part, handler, program))
  const local =
    'local' in statement && statement.local !== undefined ? handler.locals[statement.local]?.type : undefined
  const map = 'map' in statement ? program.maps[statement.map] : undefined
  const problems = operandsOf(statement).flatMap((operand) => expressionProblems(operand, handler))
  if ('local' in statement && (local === undefined || local.kind === 'void'))
    problems.push(`${statement.op}: no such local`)
  if ('map' in statement && map === undefined) problems.push(`${statement.op}: no such map`)
  if ('key' in statement && map !== undefined)
    problems.push(...same(`${statement.op}: key`, statement.key?.type, map.key))
  switch (statement.op) {
    case 'set':
      return [...problems, ...same('set', statement.value.type, local)]
    case 'map-store':
      return [...problems, ...same('map-store', statement.value.type, map?.value)]
    case 'map-aggregate':
      return isAggregate(map?.value ?? { kind: 'void' })
        ? problems
        : [...problems, 'map-aggregate: the map holds no aggregates']
    case 'if':
      return [
        ...problems,
        ...scalar('if', statement.condition),
        ...inner(statement.consequent),
        ...inner(statement.alternative),
      ]
    case 'loop':
      return [...problems, ...inner(statement.body), ...inner(statement.step)]
    case 'for-each':
      return [...problems, ...inner(statement.body)]
    case 'emit': {
      const event = program.events[statement.event]
      const types = event !== undefined && 'types' in event ? event.types : undefined
      const wrong = statement.values.flatMap((value, at) =>
        types === undefined ? [] : same('emit', value.type, types[at]),
      )
      return [...problems, ...(event === undefined ? ['emit: no such event'] : wrong)]
    }
    default:
      return problems
  }
}

function same(what: string, given: ValueType | undefined, wanted: ValueType | undefined): string[] {
  const [left, right] = [given, wanted].map((type) => (type === undefined ? 'nothing' : sizedTypeText(type)))
  return left === right ? [] : [`${what}: ${left} where ${right} should be`]
}

function scalar(what: string, expression: Expression): string[] {
  return isScalar(expression.type) ? [] : [`${what}: ${sizedTypeText(expression.type)} fits into no register`]
}

function operandsOf(statement: Statement): Expression[] {
  const operands: (Expression | undefined)[] = []
  if ('value' in statement) operands.push(statement.value)
  if ('values' in statement) operands.push(...statement.values)
  if ('key' in statement) operands.push(statement.key)
  if ('left' in statement) operands.push(statement.left, statement.right)
  if ('address' in statement) operands.push(statement.address)
  if ('condition' in statement) operands.push(statement.condition)
  return operands.filter((operand) => operand !== undefined)
}

function expressionProblems(expression: Expression, handler: Handler): string[] {
  const inner = (part: Expression): string[] => expressionProblems(part, handler)
  const { type } = expression
  switch (expression.op) {
    case 'constant':
      return scalar('constant', expression)
    case 'block':
      return expression.bytes.length === sizeOf(type)
        ? []
        : [`block: ${expression.bytes.length} bytes of ${sizedTypeText(type)}`]
    case 'local':
      return same(`local ${expression.local}`, type, handler.locals[expression.local]?.type)
    case 'input':
      return []
    case 'not':
    case 'negate':
    case 'complement':
    case 'convert':
      return [
        ...scalar(expression.op, expression),
        ...(expression.value.op === 'call' ? [] : scalar(expression.op, expression.value)),
        ...inner(expression.value),
      ]
    case 'resize':
      return [...(isScalar(type) ? ['resize: a scalar'] : []), ...inner(expression.value)]
    case 'choose':
      return [
        ...scalar('choose', expression.condition),
        ...same('choose', expression.consequent.type, type),
        ...same('choose', expression.alternative.type, type),
        ...[expression.condition, expression.consequent, expression.alternative].flatMap(inner),
      ]
    case 'tuple':
      return [
        ...same(
          'tuple',
          {
            ...(type.kind === 'tuple' ? type : { kind: 'tuple' }),
            elements: expression.elements.map((element) => element.type),
          },
          type,
        ),
        ...expression.elements.flatMap(inner),
      ]
    case 'extract': {
      const size =
        expression.bitfield === undefined
          ? sizeOf(type)
          : Math.ceil((expression.bitfield.shift + expression.bitfield.bits) / 8)
      const fits = expression.offset + size <= sizeOf(expression.block.type)
      return [...(fits ? [] : ['extract: beyond the block']), ...inner(expression.block)]
    }
    case 'equal':
      return [
        ...(isScalar(expression.left.type) ? ['equal: a scalar'] : []),
        ...inner(expression.left),
        ...inner(expression.right),
      ]
    case 'call':
      return expression.arguments.flatMap(inner)
    default:
      return [
        ...scalar(expression.op, expression.left),
        ...scalar(expression.op, expression.right),
        ...inner(expression.left),
        ...inner(expression.right),
      ]
  }
}
