import type { ExtractExpression } from '../../../ir/expression.js'
import { sizeOf } from '../../../ir/layout.js'
import type { Register } from '../assembler.js'
import { placeOf } from './block.js'
import { piecesOf } from './copy.js'
import { type Emission, withRegister } from './emission.js'
import { rangeOf } from './integer-range.js'
import { NotGenerated } from './not-generated.js'
import { behind, type Place } from './operand.js'

/** A scalar out of a block. */
export function evaluateExtract(emission: Emission, expression: ExtractExpression, to: Register): void {
  const { code } = emission
  const { offset, bitfield, type } = expression
  const place = behind(placeOf(emission, expression.block), offset)
  if (bitfield === undefined) {
    const { width, signed, isBool } = rangeOf(type)
    code.load(to, place, width, signed)
    if (!isBool) return
    code.test(to, to)
    code.setIf('ne', to)
    return
  }
  const { shift, bits } = bitfield
  const bytes = Math.ceil((shift + bits) / 8)
  if (bytes > 8 || offset + bytes > sizeOf(expression.block.type))
    throw new NotGenerated('a bitfield of more than 64 bits')
  loadBytes(emission, place, bytes, to)
  code.shift('shl', to, 64 - shift - bits)
  code.shift('shr', to, 64 - bits)
}

/** Up to eight bytes, without touching the one behind them. */
export function loadBytes(emission: Emission, place: Place, bytes: number, to: Register): void {
  const { code } = emission
  const [first, ...rest] = piecesOf(bytes)
  code.load(to, behind(place, first?.offset ?? 0), first?.width ?? 1, false)
  if (rest.length === 0) return
  withRegister(emission, (part) => {
    for (const { offset, width } of rest) {
      code.load(part, behind(place, offset), width, false)
      code.shift('shl', part, 8 * offset)
      code.arithmetic('or', to, part)
    }
  })
}
