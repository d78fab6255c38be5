import { offsetBy } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import { MAX_RECORD_UNITS, RECORD, SKIPPED } from '../../../store/event-layout.js'
import { SLOT } from '../../../store/program-layout.js'
import { type Label, RAX, RDX, type Register } from '../assembler.js'
import { clobber, type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { NotGenerated } from './not-generated.js'
import { type Memory, memory, relative } from './operand.js'

/** Who fills a record comes `from` here to give it up, and goes on `to` there: the reader skips it. */
export interface Abandoning {
  readonly from: Label
  readonly to: Label
}

/** Reserves a record, has `fill` write its payload, and makes it known to the reader. Without room, one more is lost. */
export function emitRecord(
  emission: Emission,
  event: number,
  payload: number,
  fill: (to: Memory) => void,
  abandoning?: Abandoning,
): void {
  const { code, request, slot } = emission
  const size = RECORD.payload + payload
  assert(slot !== undefined, 'the slot has been found')
  if (size / 8 > MAX_RECORD_UNITS || size > 2 ** request.layout.ringShift / 4)
    throw new NotGenerated(`an event of ${size} bytes`)
  const done = newLabel()
  clobber(emission, RAX, RDX)
  withRegister(emission, (record) =>
    withRegister(emission, (header) => {
      reserve(emission, { slot, size, record, next: header, done })
      code.move(header, RAX)
      code.shift('shl', header, 29)
      code.readTimeStamp()
      code.store(memory(record, RECORD.time), RAX, 4)
      code.store(memory(record, RECORD.time + 4), RDX, 4)
      fill(memory(record, RECORD.payload))
      finishHeader(emission, { record, header, event, size })
      if (abandoning !== undefined)
        emitCold(emission, () => {
          code.bind(abandoning.from)
          finishHeader(emission, { record, header, event: SKIPPED, size })
          code.jump(abandoning.to)
        })
    }),
  )
  code.bind(done)
}

interface FilledRecord {
  readonly record: Register
  /** The position / 8 in the upper half, with three bits of nothing below it. */
  readonly header: Register
  readonly event: number
  readonly size: number
}

/** With its header right the record is there. */
function finishHeader({ code }: Emission, { record, header, event, size }: FilledRecord): void {
  code.arithmeticImmediate('add', header, BigInt(((size / 8) << 16) | event))
  code.moveImmediate(RAX, 1n << 32n)
  code.arithmetic('add', header, RAX)
  code.move(memory(record, RECORD.header), header)
}

interface Reservation {
  readonly slot: Register
  readonly size: number
  /** Becomes the record's address. */
  readonly record: Register
  readonly next: Register
  readonly done: Label
}

/** Leaves the record's position in rax. Only signal handlers of this thread come between: no lock is needed. */
function reserve(emission: Emission, { slot, size, record, next, done }: Reservation): void {
  const { code, request } = emission
  const ringBytes = 2 ** request.layout.ringShift
  const [again, lost, wraps, reserved] = [newLabel(), newLabel(), newLabel(), newLabel()]
  const [head, tail] = [memory(slot, SLOT.head), memory(slot, SLOT.tail)]
  code.move(RAX, head)
  code.bind(again)
  code.move(record, RAX)
  code.arithmeticImmediate('and', record, BigInt(ringBytes - 1))
  code.address(next, memory(RAX, size))
  code.arithmeticImmediate('cmp', record, BigInt(ringBytes - size))
  code.jumpIf('a', wraps)
  checkRoom(emission, next, tail, ringBytes, lost)
  code.compareExchange(head, next, false)
  code.jumpIf('ne', again)
  code.bind(reserved)
  addRing(emission, slot, record)
  emitCold(emission, () => {
    code.bind(lost)
    code.increment(memory(slot, SLOT.lost))
    code.jump(done)
    code.bind(wraps)
    skipToBeginning(emission, { slot, size, record, next, done }, { again, lost, reserved })
  })
}

function checkRoom({ code }: Emission, next: Register, tail: Memory, ringBytes: number, lost: Label): void {
  code.move(RDX, next)
  code.arithmetic('sub', RDX, tail)
  code.arithmeticImmediate('cmp', RDX, BigInt(ringBytes))
  code.jumpIf('a', lost)
}

/** The record's place is the ring's beginning; what is left before the end is skipped. */
function skipToBeginning(
  emission: Emission,
  { slot, size, record, next }: Reservation,
  labels: { readonly again: Label; readonly lost: Label; readonly reserved: Label },
): void {
  const { code, request } = emission
  const ringBytes = 2 ** request.layout.ringShift
  code.arithmetic('sub', next, record)
  code.arithmeticImmediate('add', next, BigInt(ringBytes))
  checkRoom(emission, next, memory(slot, SLOT.tail), ringBytes, labels.lost)
  code.compareExchange(memory(slot, SLOT.head), next, false)
  code.jumpIf('ne', labels.again)
  // The header of what is skipped: rdx bytes from the position in rax.
  addRing(emission, slot, record)
  withRegister(emission, (left) => {
    code.move(left, next)
    code.arithmetic('sub', left, RAX)
    code.arithmeticImmediate('sub', left, BigInt(size))
    code.move(next, RAX)
    code.shift('shl', next, 29)
    code.move(RDX, left)
    code.shift('shl', RDX, 13)
    code.arithmetic('add', next, RDX)
    code.moveImmediate(RDX, (1n << 32n) | BigInt(SKIPPED))
    code.arithmetic('add', next, RDX)
    code.move(memory(record), next)
    code.arithmetic('add', RAX, left)
  })
  code.moveImmediate(record, 0n)
  code.jump(labels.reserved)
  assert(size <= ringBytes / 4, 'a record is much smaller than the ring')
}

/** From a place in the ring to its address. */
function addRing(emission: Emission, slot: Register, record: Register): void {
  const { code, request } = emission
  const { slotShift, ringShift, slotsOffset, ringsOffset } = request.layout
  if (ringShift < slotShift) throw new NotGenerated('events where slots are larger than rings')
  const grown = BigInt(ringShift - slotShift)
  // rings + (slot - slots) << grown
  const base = offsetBy(request.dataAddress, ringsOffset) - (offsetBy(request.dataAddress, slotsOffset) << grown)
  code.move(RDX, slot)
  code.shift('shl', RDX, Number(grown))
  code.arithmetic('add', RDX, relative(emission.literals.of(word(base))))
  code.arithmetic('add', record, RDX)
}

function word(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value))
  return bytes
}
