import { badConversion, type Conversion, conversionsOf } from '../../ir/format-string.js'
import { typeText } from '../../ir/type-text.js'
import { isAggregate, type ValueType } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { lowerInOrder } from '../analysis/lower-in-order.js'
import { type Operand, unknownOperand, voidOperand } from '../analysis/operand.js'
import { addEvent } from '../analysis/program-tables.js'
import type { CallNode } from '../syntax/ast.js'
import type { FunctionEntry } from './function-entry.js'

export const printf: FunctionEntry = formatting('printf', 'void printf(const string fmt, args...)')
export const errorf: FunctionEntry = formatting('errorf', 'void errorf(const string fmt, args...)')
export const warnf: FunctionEntry = formatting('warnf', 'void warnf(const string fmt, args...)')
export const cat: FunctionEntry = formatting('cat', 'void cat(string namefmt, [...args])')
export const system: FunctionEntry = {
  ...formatting('system', 'void system(string namefmt [, ...args])'),
  unsafe: true,
}

type FormattedKind = 'printf' | 'errorf' | 'warnf' | 'cat' | 'system'

function formatting(name: FormattedKind, signature: string): FunctionEntry {
  return { name, signature, arguments: [1, 64], lower: (call, context) => lowerFormatted(name, call, context) }
}

function lowerFormatted(kind: FormattedKind, call: CallNode, context: HandlerContext): Operand {
  const [formatNode, ...rest] = call.arguments
  const operands = lowerInOrder(rest, context)
  const format = formatNode && lowerInOrder([formatNode], context)[0]?.constant
  if (typeof format !== 'string') {
    context.error(call.span, `${call.name}() expects a string literal as its first argument`)
    return unknownOperand
  }
  if (operands.some(({ unknown }) => unknown)) return unknownOperand
  const problem = checkFormat(format, operands)
  if (problem !== undefined) {
    context.error(call.span, `${call.name}: ${problem}`)
    return unknownOperand
  }
  const types = operands.map(({ expression }) => expression.type)
  const place = context.source.placeOf(call.span)
  const event = addEvent(
    context.tables,
    kind === 'errorf' || kind === 'warnf' ? { kind, format, types, place } : { kind, format, types },
  )
  context.builder.emit({ op: 'emit', event, values: operands.map(({ expression }) => expression) })
  return voidOperand
}

function checkFormat(format: string, operands: readonly Operand[]): string | undefined {
  const bad = badConversion(format)
  if (bad !== -1) return `Unknown format string token: ${format.slice(bad, bad + 4)}`
  const conversions = conversionsOf(format)
  const [given, expected] = [operands.length, conversions.length]
  if (given !== expected)
    return `${given < expected ? 'Not enough' : 'Too many'} arguments for format string (${given} supplied, ${expected} expected)`
  return conversions
    .map((conversion, at) => checkConversion(conversion, operands[at]))
    .find((problem) => problem !== undefined)
}

function checkConversion({ specifier }: Conversion, operand: Operand | undefined): string | undefined {
  const type = operand?.type
  if (type === undefined || fits(specifier, type)) return undefined
  const wanted = specifier.startsWith('r') ? 'buffer' : specifier === 's' ? 'string' : 'integer'
  return `%${specifier} specifier expects a value of type ${wanted} (${typeText(type)} supplied)`
}

function fits(specifier: string, type: ValueType): boolean {
  if (specifier.startsWith('r')) return type.kind === 'buffer'
  if (specifier === 's') return type.kind !== 'void' && !isAggregate(type)
  return type.kind === 'integer' || type.kind === 'bool' || type.kind === 'pointer'
}
