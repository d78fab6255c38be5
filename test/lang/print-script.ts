import { unreachable } from '../../src/bytes/assert.js'
import type {
  BlockNode,
  ExpressionNode,
  FieldNode,
  ProbeNode,
  ProgramNode,
  RecordNode,
  StatementNode,
  TypeName,
} from '../../src/lang/syntax/ast.js'
import { isTypeName } from '../../src/lang/syntax/map-children.js'

/** A syntax tree as a script, every operation in parentheses: reading it gives the same tree. */
export function printScript(program: ProgramNode): string {
  const config = program.config.map(
    ({ name, value }) => `${name} = ${typeof value === 'bigint' ? value : quoted(value)};`,
  )
  return [
    ...(config.length === 0 ? [] : [`config = { ${config.join(' ')} }`]),
    ...program.records.map(record),
    ...program.enums.map(
      ({ name, members }) => `${name} { ${members.map((member) => `${member.name} = ${member.value}`).join(', ')} };`,
    ),
    ...program.maps.map(({ name, type, size }) => `let ${name} = ${type}(${size});`),
    ...program.macros.map(({ name, parameters, body }) => `macro ${name}(${parameters.join(', ')}) ${block(body)}`),
    ...program.probes.map(probe),
  ].join('\n')
}

function record({ name, fields, packed }: RecordNode): string {
  return `${name} { ${fields.map(field).join(' ')} }${packed ? ' __attribute__((packed))' : ''};`
}

function field({ name, type, lengths, bits }: FieldNode): string {
  return `${typeName(type)} ${name}${lengths.map((length) => `[${length}]`).join('')}${bits === undefined ? '' : `:${bits}`};`
}

function probe({ attachPoints, predicate, body }: ProbeNode): string {
  const condition = predicate === undefined ? '' : ` /${printExpression(predicate)}/`
  return `${attachPoints.map(({ text }) => text).join(',\n')}${condition} ${statements(body)}`
}

function statements(body: readonly StatementNode[]): string {
  return `{ ${body.map(statement).join(' ')} }`
}

function block({ statements: body, result }: BlockNode): string {
  return `{ ${[...body.map(statement), ...(result === undefined ? [] : [printExpression(result)])].join(' ')} }`
}

function statement(node: StatementNode): string {
  switch (node.kind) {
    case 'expression':
      return `${printExpression(node.value)};`
    case 'discard':
      return `_ = ${printExpression(node.value)};`
    case 'assign':
      return `${printExpression(node.target)} ${node.operator ?? ''}= ${printExpression(node.value)};`
    case 'declare':
      return `let ${node.variable.name}${node.type === undefined ? '' : `: ${typeName(node.type)}`}${node.value === undefined ? '' : ` = ${printExpression(node.value)}`};`
    case 'if':
      return `if (${printExpression(node.condition)}) ${statements(node.consequent)}${node.alternative.length === 0 ? '' : ` else ${statements(node.alternative)}`}`
    case 'while':
      return `while (${printExpression(node.condition)}) ${statements(node.body)}`
    case 'for-map':
      return `for (${node.variable.name} : ${printExpression(node.map)}) ${statements(node.body)}`
    case 'for-range':
      return `for (${node.variable.name} : ${printExpression(node.from)}..${printExpression(node.to)}) ${statements(node.body)}`
    case 'unroll':
      return `unroll (${printExpression(node.count)}) ${statements(node.body)}`
    case 'jump':
      return `${node.to};`
    case 'return':
      return node.value === undefined ? 'return;' : `return ${printExpression(node.value)};`
    default:
      return unreachable(node)
  }
}

export function printExpression(node: ExpressionNode): string {
  switch (node.kind) {
    case 'integer':
    case 'boolean':
      return String(node.value)
    case 'string':
      return quoted(node.value)
    case 'identifier':
    case 'variable':
      return node.name
    case 'map':
      return node.key === undefined ? node.name : `${node.name}[${printExpression(node.key)}]`
    case 'call':
      return `${node.name}(${node.arguments.map(printExpression).join(', ')})`
    case 'parameter':
      return node.index === 0 ? '$#' : `$${node.index}`
    case 'unary':
      return `(${node.operator} ${printExpression(node.operand)})`
    case 'increment':
      return node.prefix
        ? `(${node.operator}${printExpression(node.target)})`
        : `(${printExpression(node.target)}${node.operator})`
    case 'binary':
      return `(${printExpression(node.left)} ${node.operator} ${printExpression(node.right)})`
    case 'ternary':
      return `(${printExpression(node.condition)} ? ${printExpression(node.consequent)} : ${printExpression(node.alternative)})`
    case 'cast':
      return `((${typeName(node.type)})${printExpression(node.value)})`
    case 'member':
      return `${printExpression(node.record)}${node.arrow ? '->' : '.'}${node.name}`
    case 'tuple-member':
      return `${printExpression(node.tuple)}.${node.index}`
    case 'element':
      return `${bracketed(node.array)}[${printExpression(node.index)}]`
    case 'tuple':
      if (node.names !== undefined)
        return `(${node.elements.map((element, at) => `${node.names?.[at]}=${printExpression(element)}`).join(', ')})`
      return `(${node.elements.map(printExpression).join(', ')}${node.elements.length === 1 ? ',' : ''})`
    case 'sizeof':
      return `sizeof(${typeOrExpression(node.of)})`
    case 'offsetof':
      return `offsetof(${typeOrExpression(node.of)}, ${node.path.join('.')})`
    case 'block':
      return block(node)
    case 'invalid':
      return '<invalid>'
    default:
      return unreachable(node)
  }
}

/** `@x[1]` is a map with a key; the element of a map's value needs parentheses. */
function bracketed(node: ExpressionNode): string {
  return node.kind === 'map' ? `(${printExpression(node)})` : printExpression(node)
}

function typeOrExpression(node: TypeName | ExpressionNode): string {
  return isTypeName(node) ? typeName(node) : printExpression(node)
}

function typeName({ base, pointers, lengths }: TypeName): string {
  return `${base}${pointers === 0 ? '' : ` ${'*'.repeat(pointers)}`}${lengths.map((length) => `[${length ?? ''}]`).join('')}`
}

function quoted(text: string): string {
  const escaped = text
    .replace(/["\\]/g, '\\$&')
    .replace(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return `"${escaped}"`
}
