import type { Event } from './event.js'
import type { Expression, Input } from './expression.js'
import type { Program } from './program.js'
import type { Statement } from './statement.js'
import { sizedTypeText } from './type-text.js'

/** A program as text, for people and golden tests. Two programs with the same text do the same. */
export function dumpProgram(program: Program): string {
  const maps = program.maps.map(
    ({ name, key, value, maxKeys }) =>
      `map ${name}${key === undefined ? '' : `[${sizedTypeText(key)}]`}: ${sizedTypeText(value)} max ${maxKeys}`,
  )
  const events = program.events.map((event, at) => `event ${at} ${dumpEvent(event, program)}`)
  const handlers = program.handlers.flatMap(({ probes, locals, body }) => [
    `handler ${probes.map(({ text }) => text).join(', ')}`,
    ...locals.map(({ name, type }, at) => `  local ${at} ${name}: ${sizedTypeText(type)}`),
    ...body.flatMap((statement) => dumpStatement(statement, program, '  ')),
  ])
  return `${[...maps, ...events, ...handlers].join('\n')}\n`
}

function dumpEvent(event: Event, { maps }: Program): string {
  const parts: string[] = [event.kind]
  if ('format' in event) parts.push(JSON.stringify(event.format))
  if ('separator' in event) parts.push(JSON.stringify(event.separator))
  if ('map' in event) parts.push(maps[event.map]?.name ?? '?')
  if ('top' in event) parts.push(`top ${event.top} div ${event.div}`)
  if ('types' in event) parts.push(`(${event.types.map(sizedTypeText).join(', ')})`)
  return parts.join(' ')
}

function dumpStatement(statement: Statement, program: Program, indent: string): string[] {
  const inner = (body: readonly Statement[]): string[] =>
    body.flatMap((part) => dumpStatement(part, program, `${indent}  `))
  switch (statement.op) {
    case 'if': {
      const otherwise = statement.alternative.length === 0 ? [] : [`${indent}else`, ...inner(statement.alternative)]
      return [`${indent}if ${dumpExpression(statement.condition)}`, ...inner(statement.consequent), ...otherwise]
    }
    case 'loop': {
      const step = statement.step.length === 0 ? [] : [`${indent}step`, ...inner(statement.step)]
      return [`${indent}loop`, ...inner(statement.body), ...step]
    }
    case 'for-each':
      return [`${indent}for-each ${statement.local} in ${program.maps[statement.map]?.name}`, ...inner(statement.body)]
    default:
      return [indent + dumpSimple(statement, program)]
  }
}

function dumpSimple(statement: Exclude<Statement, { op: 'if' | 'loop' | 'for-each' }>, { maps }: Program): string {
  const target = 'local' in statement && statement.local !== undefined ? `${statement.local} = ` : ''
  const parts: string[] = [statement.op]
  if ('map' in statement) {
    const key = 'key' in statement && statement.key !== undefined ? `[${dumpExpression(statement.key)}]` : ''
    parts.push(`${maps[statement.map]?.name}${key}`)
  }
  if ('source' in statement)
    parts.push(statement.source.kind === 'clock' ? statement.source.clock : statement.source.kind)
  if ('clock' in statement && statement.clock !== undefined) parts.push(statement.clock)
  if ('event' in statement) parts.push(String(statement.event))
  if ('to' in statement) parts.push(statement.to)
  return target + [...parts, ...statementOperands(statement).map(dumpExpression)].join(' ')
}

function statementOperands(statement: Statement): Expression[] {
  const operands: (Expression | undefined)[] = []
  if ('value' in statement) operands.push(statement.value)
  if ('values' in statement) operands.push(...statement.values)
  if ('left' in statement) operands.push(statement.left, statement.right)
  if ('address' in statement) operands.push(statement.address)
  if ('limit' in statement) operands.push(statement.limit)
  if ('length' in statement) operands.push(statement.length)
  if ('signal' in statement) operands.push(statement.signal)
  return operands.filter((operand) => operand !== undefined)
}

/** `(add:int64 $0 1)`: the operation with its type, and what it works on. */
function dumpExpression(expression: Expression): string {
  const type = sizedTypeText(expression.type)
  const list = (op: string, parts: readonly Expression[]): string =>
    `(${[`${op}:${type}`, ...parts.map(dumpExpression)].join(' ')})`
  switch (expression.op) {
    case 'constant':
      return `${expression.value}`
    case 'block':
      return `'${Buffer.from(expression.bytes).toString('hex')}'`
    case 'local':
      return `$${expression.local}`
    case 'input':
      return dumpInput(expression.input)
    case 'not':
    case 'negate':
    case 'complement':
    case 'convert':
    case 'resize':
      return list(expression.op, [expression.value])
    case 'choose':
      return list('choose', [expression.condition, expression.consequent, expression.alternative])
    case 'tuple':
      return list('tuple', expression.elements)
    case 'extract': {
      const { offset, bitfield } = expression
      return list(`extract@${offset}${bitfield === undefined ? '' : `.${bitfield.shift}+${bitfield.bits}`}`, [
        expression.block,
      ])
    }
    case 'call':
      return list(expression.function, expression.arguments)
    default:
      return list(expression.op, [expression.left, expression.right])
  }
}

function dumpInput(input: Input): string {
  switch (input.kind) {
    case 'argument':
      return `arg${input.index}`
    case 'register':
      return `reg(${input.name})`
    case 'is-named':
      return `${input.what}-is(${input.name})`
    case 'symbol-address':
      return `uaddr(${input.name})`
    default:
      return input.kind
  }
}
