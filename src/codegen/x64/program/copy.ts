import { RAX, RCX, type Register } from '../assembler.js'
import { clobber, type Emission, newLabel, withRegister } from './emission.js'
import { behind, indexed, type Memory, type Place, type Width } from './operand.js'

/** Blocks up to this size are copied without a loop. */
const UNROLLED_BYTES = 128

/** Bytes that one turn of a loop deals with. */
const STRIDE = 32
const strideOffsets = [0, 8, 16, 24] as const

/** How much of a block is left to a loop, in front of the rest. */
function loopedBytes(size: number): number {
  return size > UNROLLED_BYTES ? size - (size % STRIDE) : 0
}

/** Pieces that make up `size` bytes, largest first. */
export function piecesOf(size: number): { readonly offset: number; readonly width: Width }[] {
  const pieces: { offset: number; width: Width }[] = []
  let offset = 0
  for (const width of [8, 4, 2, 1] as const) {
    for (; offset + width <= size; offset += width) pieces.push({ offset, width })
  }
  return pieces
}

/** Changes rax, rcx. */
export function copyBlock(emission: Emission, to: Memory, from: Place, size: number): void {
  copyFrom(emission, to, from, size, (load) => load())
}

/** Like `copyBlock`; each instruction that loads goes through `loading`. */
export function copyFrom(
  emission: Emission,
  to: Memory,
  from: Place,
  size: number,
  loading: (load: () => void) => void,
): void {
  const { code } = emission
  const looped = loopedBytes(size)
  clobber(emission, RAX)
  if (looped > 0) copyLoop(emission, to, from, looped, loading)
  for (const { offset, width } of piecesOf(size - looped)) {
    loading(() => code.load(RAX, behind(from, looped + offset), width, false))
    code.store(behind(to, looped + offset), RAX, width)
  }
}

/** `size` is a multiple of STRIDE. */
function copyLoop(
  emission: Emission,
  to: Memory,
  from: Place,
  size: number,
  loading: (load: () => void) => void,
): void {
  const { code } = emission
  clobber(emission, RCX)
  withRegister(emission, (source) => {
    withRegister(emission, (target) => {
      const again = newLabel()
      code.address(source, behind(from, size))
      code.address(target, behind(to, size))
      code.moveImmediate(RCX, BigInt(-size))
      code.bind(again)
      for (const offset of strideOffsets) {
        loading(() => code.move(RAX, indexed(source, RCX, 1, offset)))
        code.move(indexed(target, RCX, 1, offset), RAX)
      }
      code.arithmeticImmediate('add', RCX, BigInt(STRIDE))
      code.jumpIf('ne', again)
    })
  })
}

/** Changes rcx. */
export function zeroBlock(emission: Emission, to: Memory, size: number): void {
  const { code } = emission
  const looped = loopedBytes(size)
  if (looped > 0) zeroLoop(emission, to, looped)
  for (const { offset, width } of piecesOf(size - looped)) code.storeImmediate(behind(to, looped + offset), 0n, width)
}

function zeroLoop(emission: Emission, to: Memory, size: number): void {
  const { code } = emission
  clobber(emission, RCX)
  withRegister(emission, (target) => {
    const again = newLabel()
    code.address(target, behind(to, size))
    code.moveImmediate(RCX, BigInt(-size))
    code.bind(again)
    for (const offset of strideOffsets) code.storeImmediate(indexed(target, RCX, 1, offset), 0n, 8)
    code.arithmeticImmediate('add', RCX, BigInt(STRIDE))
    code.jumpIf('ne', again)
  })
}

/** The address of a place in a register, which may be the place's own base. */
export function withAddress<T>(emission: Emission, place: Place, body: (address: Register) => T): T {
  if (place.kind === 'memory' && place.index === undefined && place.displacement === 0) return body(place.base)
  return withRegister(emission, (register) => {
    emission.code.address(register, place)
    return body(register)
  })
}
