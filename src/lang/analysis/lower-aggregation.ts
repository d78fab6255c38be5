import { typeText } from '../../ir/type-text.js'
import { int64, isAggregate, type ValueType } from '../../ir/value-type.js'
import { type Aggregation, aggregations } from '../functions/aggregations.js'
import { checkArgumentCount } from '../functions/argument-count.js'
import type { CallNode, MapNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerExpression } from './lower-expression.js'
import { lowerMapPlace } from './lower-map.js'
import { integerOperand, type Operand, unknownOperand } from './operand.js'

/** `@x[key] = count()` and its like: one more value for the aggregate. */
export function lowerAggregation(target: MapNode, call: CallNode, context: HandlerContext): void {
  const aggregation = aggregations.get(call.name)
  if (aggregation === undefined || !checkArgumentCount(call, aggregation.arguments, context)) return
  const value = aggregatedValue(aggregation, call, context)
  const place = lowerMapPlace(target, context)
  if (value.unknown) return
  const facts = context.environment.map(target.name)
  const type = aggregation.type(call, isSigned(value, facts.value?.type), context)
  if (type === undefined) return
  if (!context.environment.joinMapValue(facts, { type })) {
    const have = typeText(facts.value?.type ?? int64)
    context.error(
      call.span,
      facts.value !== undefined && have === typeText(type)
        ? `Different ${call.name} bounds in a single map unsupported`
        : `Type mismatch for ${target.name}: trying to assign value of type '${typeText(type)}' when map already contains a value of type '${have}'`,
    )
    return
  }
  if (place === undefined || !isAggregate(type)) return
  context.builder.emit({ op: 'map-aggregate', ...place, value: value.expression, span: call.span })
}

/** A literal that is not negative takes the sign of what the map holds already. */
function isSigned({ type, literal }: Operand, known: ValueType | undefined): boolean {
  if (literal !== undefined && !literal.negative && known !== undefined && 'signed' in known) return known.signed
  return type.kind === 'integer' && type.signed
}

/** The first argument, as 64 bits; 1 for `count()`. */
function aggregatedValue({ arguments: [least] }: Aggregation, call: CallNode, context: HandlerContext): Operand {
  const [node] = call.arguments
  if (least === 0 || node === undefined) return integerOperand(1n)
  const operand = lowerExpression(node, context)
  if (operand.unknown) return unknownOperand
  if (operand.type.kind !== 'integer') {
    context.error(call.span, `${call.name}() only supports integer arguments (${typeText(operand.type)} provided)`)
    return unknownOperand
  }
  return operand
}
