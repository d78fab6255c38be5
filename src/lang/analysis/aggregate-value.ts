import { type AggregateType, integer, type ValueType } from '../../ir/value-type.js'

/** The integer that an aggregate stands for in an expression; histograms, stats and time series stand for none. */
export function aggregateValue(type: AggregateType): ValueType | undefined {
  switch (type.kind) {
    case 'count':
      return integer(64, false)
    case 'sum':
    case 'min':
    case 'max':
    case 'avg':
      return integer(64, type.signed)
    default:
      return undefined
  }
}
