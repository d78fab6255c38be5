import type { Expression } from '../../../ir/expression.js'
import { sizeOf, tupleLayout } from '../../../ir/layout.js'
import { isScalar, type ValueType } from '../../../ir/value-type.js'
import { RAX, RCX } from '../assembler.js'
import { placeOf } from './block.js'
import { copyBlock, withAddress, zeroBlock } from './copy.js'
import { clobber, type Emission, newLabel } from './emission.js'
import { rangeOf } from './integer-range.js'
import { NotGenerated } from './not-generated.js'
import { behind, indexed, type Memory, type Place } from './operand.js'

/** A block as another size of its kind: see `resizeValue` of the interpreter. */
export function emitResize(emission: Emission, { type, value }: Expression & { op: 'resize' }, to: Memory): void {
  resizeBlock(emission, placeOf(emission, value), value.type, to, type)
}

function resizeBlock(emission: Emission, from: Place, fromType: ValueType, to: Memory, type: ValueType): void {
  if (type.kind === 'string' && fromType.kind === 'array') cutText(emission, from, sizeOf(fromType), to, type.size)
  else if (type.kind === 'string') resizeString(emission, from, sizeOf(fromType), to, type.size)
  else if (type.kind === 'tuple' && fromType.kind === 'tuple')
    resizeTuple(emission, from, fromType.elements, to, type.elements)
  else if (isScalar(type)) convertScalar(emission, from, fromType, to, type)
  else {
    const kept = Math.min(sizeOf(fromType), sizeOf(type))
    copyBlock(emission, to, from, kept)
    zeroBlock(emission, behind(to, kept), sizeOf(type) - kept)
  }
}

/** Behind its text a string is zero but for its last byte, which says whether it was cut. */
function resizeString(emission: Emission, from: Place, fromSize: number, to: Memory, size: number): void {
  const { code } = emission
  const text = Math.min(size, fromSize) - 1
  copyBlock(emission, to, from, text)
  zeroBlock(emission, behind(to, text), size - text)
  if (size >= fromSize) return
  code.load(RAX, behind(from, text), 1, false)
  code.test(RAX, RAX)
  code.setIf('ne', RAX)
  code.store(behind(to, text), RAX, 1)
}

/** Text that ends at a NUL or with its array, whatever lies behind it. */
function cutText(emission: Emission, from: Place, fromSize: number, to: Memory, size: number): void {
  const { code } = emission
  if (size < 1) throw new NotGenerated('a string without room')
  const [again, cut, done] = [newLabel(), newLabel(), newLabel()]
  zeroBlock(emission, to, size)
  clobber(emission, RAX, RCX)
  withAddress(emission, from, (source) =>
    withAddress(emission, to, (target) => {
      code.moveImmediate(RCX, 0n)
      code.bind(again)
      code.load(RAX, indexed(source, RCX, 1), 1, false)
      code.test(RAX, RAX)
      code.jumpIf('e', done)
      code.arithmeticImmediate('cmp', RCX, BigInt(size - 1))
      code.jumpIf('e', cut)
      code.store(indexed(target, RCX, 1), RAX, 1)
      code.arithmeticImmediate('add', RCX, 1n)
      code.arithmeticImmediate('cmp', RCX, BigInt(fromSize))
      code.jumpIf('ne', again)
      code.jump(done)
      code.bind(cut)
      code.storeImmediate(indexed(target, RCX, 1), 1n, 1)
      code.bind(done)
    }),
  )
}

function resizeTuple(
  emission: Emission,
  from: Place,
  fromTypes: readonly ValueType[],
  to: Memory,
  types: readonly ValueType[],
): void {
  const [before, after] = [tupleLayout(fromTypes), tupleLayout(types)]
  zeroBlock(emission, to, after.size)
  for (const [at, type] of types.entries()) {
    const fromType = fromTypes[at]
    if (fromType === undefined) continue
    const [source, target] = [behind(from, before.offsets[at] ?? 0), behind(to, after.offsets[at] ?? 0)]
    resizeBlock(emission, source, fromType, target, type)
  }
}

function convertScalar(emission: Emission, from: Place, fromType: ValueType, to: Memory, type: ValueType): void {
  const { code } = emission
  const { width, signed } = rangeOf(fromType)
  clobber(emission, RAX)
  code.load(RAX, from, width, signed)
  if (rangeOf(type).isBool) {
    code.test(RAX, RAX)
    code.setIf('ne', RAX)
  }
  code.store(to, RAX, rangeOf(type).width)
}
