import type { Expression } from '../../ir/expression.js'
import type { Span } from '../../ir/statement.js'
import { typeText } from '../../ir/type-text.js'
import { boolType, int64, isAggregate, type ValueType } from '../../ir/value-type.js'
import type { MapNode } from '../syntax/ast.js'
import { aggregateValue } from './aggregate-value.js'
import type { HandlerContext } from './handler-context.js'
import { lowerInOrder } from './lower-in-order.js'
import { integerOperand, type Operand, pure, unknownOperand } from './operand.js'
import { mapIndex } from './program-tables.js'

/** A map with its key as the program sees it. */
export interface MapPlace {
  readonly map: number
  readonly key: Expression | undefined
}

export function lowerMapRead(node: MapNode, context: HandlerContext): Operand {
  const place = lowerMapPlace(node, context)
  const slot = context.environment.map(node.name).value
  if (place === undefined || slot === undefined) return undefinedMap(node, context)
  const type = isAggregate(slot.type) ? aggregateValue(slot.type) : slot.type
  if (type === undefined) {
    context.error(
      node.span,
      `Map type ${typeText(slot.type)} cannot print the value of individual keys. You must print the whole map.`,
      `print(${node.name})`,
    )
    return unknownOperand
  }
  return loadFrom(place, type, node.span, context)
}

function undefinedMap(node: MapNode, { environment, diagnostics }: HandlerContext): Operand {
  if (environment.map(node.name).value === undefined)
    diagnostics.error(mapSpan(node), `Undefined map: ${node.name}`, `assign it somewhere: ${node.name} = …;`)
  return unknownOperand
}

function mapSpan({ name, span }: MapNode): Span {
  return { start: span.start, end: span.start + name.length }
}

export function loadFrom({ map, key }: MapPlace, type: ValueType, span: Span, { builder }: HandlerContext): Operand {
  const local = builder.temporary(type)
  builder.emit({ op: 'map-load', local, map, key, span })
  return pure(builder.read(local))
}

/** The place that `@name[key]` names; learns the key's type, and whether the map has keys. */
export function lowerMapPlace(node: MapNode, context: HandlerContext): MapPlace | undefined {
  const map = mapIndex(context.tables, node.name)
  if (!checkKeyed(node, node.key !== undefined, context)) return undefined
  if (node.key === undefined) return { map, key: undefined }
  const [key = unknownOperand] = lowerInOrder([node.key], context)
  return lowerKey(node.name, key, node.key.span, context)
}

/** The place of a key in a map. */
export function lowerKey(name: string, key: Operand, span: Span, context: HandlerContext): MapPlace | undefined {
  if (key.unknown) return undefined
  if (key.type.kind === 'void' || isAggregate(key.type)) {
    context.error(span, `Invalid map key type: ${typeText(key.type)}`)
    return undefined
  }
  const facts = context.environment.map(name)
  if (!context.environment.joinMapKey(facts, key)) {
    const expected = typeText(facts.key?.type ?? int64)
    const given = typeText(key.type)
    context.error(
      span,
      `Argument mismatch for ${name}: trying to access with arguments: '${given}' when map expects arguments: '${expected}'`,
    )
    return undefined
  }
  return { map: mapIndex(context.tables, name), key: context.coerce(key, facts.key?.type ?? key.type, span) }
}

/** A map is used with keys everywhere, or nowhere. */
export function checkKeyed(node: MapNode, keyed: boolean, { environment, diagnostics }: HandlerContext): boolean {
  const facts = environment.map(node.name)
  facts.keyed ??= keyed
  if (facts.keyed === keyed) return true
  diagnostics.error(
    node.span,
    keyed
      ? `${node.name} used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)`
      : `${node.name} used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)`,
  )
  return false
}

/** `@x++` and `@x += 1` make a map of integers that begins at 0. */
export function beginMapValue(node: MapNode, { environment }: HandlerContext): void {
  const facts = environment.map(node.name)
  if (facts.value === undefined) environment.joinMapValue(facts, integerOperand(0n))
}

/** A map without keys that a function is to get as a whole. */
export function wholeMap(node: MapNode, context: HandlerContext): number | undefined {
  const facts = context.environment.map(node.name)
  if (facts.value !== undefined) return mapIndex(context.tables, node.name)
  undefinedMap(node, context)
  return undefined
}

/** Whether there is an entry, or was one before it was deleted. */
export function found(local: number, { builder }: HandlerContext): Operand {
  return { type: boolType, expression: builder.read(local) }
}
