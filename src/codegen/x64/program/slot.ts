import { type Address, offsetBy } from '../../../bytes/address.js'
import { CONTROL, type ProgramLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RBX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { borrowing } from './cold.js'
import { type Emission, emitCold, newLabel, withRegister } from './emission.js'
import type { Encoder } from './encoder.js'
import { emitIdentifyThread } from './identify-thread.js'
import { memory, relative } from './operand.js'

/** Fibonacci hashing: 2^32 divided by the golden ratio. Thread pointers differ in their middle bits. */
export const THREAD_FACTOR = 0x9e3779b1n

/** Leaves the address of the thread's slot in `slot`; goes to the handler's end if there is none. */
export function emitFindSlot(emission: Emission, slot: Register): void {
  const { code, request, foundSlot } = emission
  foundSlot.done = true
  const found = newLabel()
  const elsewhere = newLabel()
  withRegister(emission, (key) => {
    code.asm.loadThreadPointer(key)
    emitHash(code, slot, key, request.layout)
    code.arithmetic('add', slot, relative(emission.literals.quad(slotsAddress(request))))
    code.arithmetic('cmp', memory(slot), key)
    code.jumpIf('ne', elsewhere)
  })
  code.bind(found)
  emitCold(emission, () => {
    code.bind(elsewhere)
    borrowing(emission, slot === RAX ? [] : [RAX], () => {
      code.call(slotRoutine(emission))
      code.move(slot, RAX)
    })
    code.test(slot, slot)
    code.jumpIf('ne', found)
    code.jump(emission.end)
  })
  if (emission.identifiesThread) emitIdentifyThread(emission, slot)
}

function slotsAddress({ layout, dataAddress }: Emission['request']): Address {
  return offsetBy(dataAddress, layout.slotsOffset)
}

function emitHash(code: Encoder, to: Register, key: Register, layout: ProgramLayout): void {
  code.multiplyImmediate(to, key, THREAD_FACTOR, 4)
  code.shift('shr', to, 32 - Math.log2(layout.slots), 4)
  code.shift('shl', to, layout.slotShift)
}

const saved = [RBX, RCX, RDX, RSI, RDI]

/**
 * The slot at a key's hash belongs to another thread, or to nobody yet: searches on, and claims the first that is free. Returns it in
 * rax, or 0 if there is none; the miss is then counted. Keeps all other registers.
 */
function slotRoutine({ support, request: { layout, dataAddress } }: Emission): Label {
  return support.routine('slot', (code) => {
    const [found, none, missed, next, probe] = [newLabel(), newLabel(), newLabel(), newLabel(), newLabel()]
    for (const register of saved) code.asm.push(register)
    code.moveImmediate(RDI, dataAddress)
    // A forked child finds this memory wiped: it counts nothing.
    code.arithmeticImmediate('cmp', memory(RDI, CONTROL.live), 0n)
    code.jumpIf('e', none)
    code.asm.loadThreadPointer(RSI)
    code.multiplyImmediate(RDX, RSI, THREAD_FACTOR, 4)
    code.shift('shr', RDX, 32 - Math.log2(layout.slots), 4)
    code.moveImmediate(RCX, BigInt(layout.slots))
    code.bind(probe)
    code.move(RBX, RDX)
    code.shift('shl', RBX, layout.slotShift)
    code.arithmetic('add', RBX, RDI)
    code.arithmeticImmediate('add', RBX, BigInt(layout.slotsOffset))
    code.arithmetic('cmp', memory(RBX), RSI)
    code.jumpIf('e', found)
    code.arithmeticImmediate('cmp', memory(RBX), 0n)
    code.jumpIf('ne', next)
    // In the directory before the claim: a thread that dies in between leaves no slot in use that nobody reads.
    code.storeImmediate({ ...memory(RDI, layout.directoryOffset), index: { register: RDX, scale: 1 } }, 1n, 1)
    code.moveImmediate(RAX, 0n)
    code.compareExchange(memory(RBX), RSI, true)
    code.jumpIf('e', found)
    // A signal handler of this very thread may have claimed the slot in between.
    code.arithmetic('cmp', RAX, RSI)
    code.jumpIf('e', found)
    code.bind(next)
    code.arithmeticImmediate('add', RDX, 1n)
    code.arithmeticImmediate('and', RDX, BigInt(layout.slots - 1))
    code.arithmeticImmediate('sub', RCX, 1n)
    code.jumpIf('ne', probe)
    code.bind(missed)
    code.increment(memory(RDI, CONTROL.missed), true)
    code.bind(none)
    code.moveImmediate(RBX, 0n)
    code.bind(found)
    code.move(RAX, RBX)
    for (const register of saved.toReversed()) code.asm.pop(register)
    code.asm.return()
  })
}
