import { type Address, offsetBy } from '../../../bytes/address.js'
import { CALL_PLACE, CALL_PLACES, type CallsLayout, CONTROL } from '../../../store/program-layout.js'
import { type Label, RAX, RBX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { borrowing } from './cold.js'
import { type Emission, emitCold, newLabel, withScratch } from './emission.js'
import type { Encoder } from './encoder.js'
import { indexed, type Memory, memory, relative } from './operand.js'
import { THREAD_FACTOR } from './slot.js'

/** Offsets of stack pointers in their part, of the 8 bytes that a return address has. */
const OFFSET_MASK = BigInt(2 ** CALL_PLACES.partShift - 8)

interface Surroundings {
  /** Where to go if the call has no place. */
  readonly none: Label
  /** Work registers that the body changes. */
  readonly changed: readonly Register[]
}

/** Runs `body` with the place of the call whose return address the stack pointer points to. */
export function withCallPlace(
  emission: Emission,
  layout: CallsLayout,
  { none, changed }: Surroundings,
  body: (place: Memory) => void,
): void {
  const { code, hit } = emission
  if (layout.parts < 2) {
    code.jump(none)
    return
  }
  withScratch(emission, changed, (places) =>
    withScratch(emission, [places, ...changed], (offset) => {
      const [found, elsewhere] = [newLabel(), newLabel()]
      code.address(offset, hit.stackPointer)
      code.shift('shr', offset, CALL_PLACES.partShift)
      hashPart(emission, code, { to: places, part: offset }, layout)
      code.arithmetic('add', places, relative(emission.literals.quad(placesAddress(emission, layout))))
      code.arithmetic('cmp', memory(places, CALL_PLACE.part), offset, 4)
      code.jumpIf('ne', elsewhere)
      code.bind(found)
      code.address(offset, hit.stackPointer)
      code.arithmeticImmediate('and', offset, OFFSET_MASK, 4)
      body(indexed(places, offset, isFollowed(emission) ? 4 : 2))
      emitCold(emission, () => {
        code.bind(elsewhere)
        emitSearch(emission, layout, { part: offset, places })
        code.test(places, places)
        code.jumpIf('ne', found)
        code.jump(none)
      })
    }),
  )
}

function isFollowed({ request }: Emission): boolean {
  return request.isFollowed === true
}

/** Calls of both kinds may be at one place: what is jumped to is probed, too, as often as not. */
function placesAddress(emission: Emission, { placesOffset, followedOffset }: CallsLayout): Address {
  return offsetBy(emission.request.dataAddress, isFollowed(emission) ? followedOffset : placesOffset)
}

function partBytes(emission: Emission): number {
  return isFollowed(emission) ? CALL_PLACES.followedPartBytes : CALL_PLACES.partBytes
}

/** Where a part's places are first looked for, in bytes. Fibonacci hashing. */
function hashPart(
  emission: Emission,
  code: Encoder,
  { to, part }: { readonly to: Register; readonly part: Register },
  { parts }: CallsLayout,
): void {
  code.multiplyImmediate(to, part, THREAD_FACTOR, 4)
  code.shift('shr', to, 32 - Math.log2(parts), 4)
  code.shift('shl', to, Math.log2(partBytes(emission)))
}

function emitSearch(
  emission: Emission,
  layout: CallsLayout,
  { part, places }: { readonly part: Register; readonly places: Register },
): void {
  const { code } = emission
  borrowing(emission, places === RAX ? [] : [RAX], () => {
    code.move(RAX, part)
    code.call(partRoutine(emission, layout))
    code.move(places, RAX)
  })
}

const R8 = 8
const saved = [RBX, RCX, RDX, RSI, RDI, R8]

/**
 * Takes the number of a part in rax, and returns the address of its places, claimed if it had none; 0 if none are left. Keeps all other
 * registers. Places are claimed once and for all, so that nobody needs to be asked whether they still are.
 */
function partRoutine(emission: Emission, layout: CallsLayout): Label {
  const { support, request } = emission
  const { dataAddress } = request
  return support.routine(isFollowed(emission) ? 'places of followed calls' : 'call places', (code) => {
    const [found, none, next, probe] = [newLabel(), newLabel(), newLabel(), newLabel()]
    for (const register of saved) code.asm.push(register)
    code.move(RBX, RAX)
    code.moveImmediate(RDI, dataAddress)
    // A forked child finds this memory wiped: it notes nothing.
    code.arithmeticImmediate('cmp', memory(RDI, CONTROL.live), 0n)
    code.jumpIf('e', none)
    // Parts are known by 32 bits: stacks beyond that have no places.
    code.move(RAX, RBX)
    code.shift('shr', RAX, 32)
    code.jumpIf('ne', none)
    code.moveImmediate(R8, placesAddress(emission, layout))
    hashPart(emission, code, { to: RCX, part: RBX }, layout)
    code.moveImmediate(RDX, BigInt(Math.min(CALL_PLACES.tries, layout.parts)))
    code.bind(probe)
    code.address(RSI, indexed(R8, RCX, 1))
    code.arithmetic('cmp', memory(RSI, CALL_PLACE.part), RBX, 4)
    code.jumpIf('e', found)
    code.arithmeticImmediate('cmp', memory(RSI, CALL_PLACE.part), 0n, 4)
    code.jumpIf('ne', next)
    code.moveImmediate(RAX, 0n)
    code.compareExchange(memory(RSI, CALL_PLACE.part), RBX, true, 4)
    code.jumpIf('e', found)
    // Somebody else on this part of the stack may have claimed them in between.
    code.arithmetic('cmp', RAX, RBX, 4)
    code.jumpIf('e', found)
    code.bind(next)
    code.arithmeticImmediate('add', RCX, BigInt(partBytes(emission)))
    code.moveImmediate(RAX, BigInt(layout.parts * partBytes(emission) - 1))
    code.arithmetic('and', RCX, RAX)
    code.arithmeticImmediate('sub', RDX, 1n)
    code.jumpIf('ne', probe)
    code.bind(none)
    code.moveImmediate(RSI, 0n)
    code.bind(found)
    code.move(RAX, RSI)
    for (const register of saved.toReversed()) code.asm.pop(register)
    code.asm.return()
  })
}
