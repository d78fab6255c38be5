import { offsetBy } from '../../../bytes/address.js'
import type { Sample, Statement } from '../../../ir/statement.js'
import { CONTROL, SLOT } from '../../../store/program-layout.js'
import { RAX, RDX, type Register } from '../assembler.js'
import { clobber, type Emission, withRegister } from './emission.js'
import { rangeOf } from './integer-range.js'
import { NotGenerated } from './not-generated.js'
import { memory } from './operand.js'
import { intoLocal, typeOfLocal } from './set-local.js'

/** The kernel keeps the node above the processor's number (arch/x86/include/asm/segment.h, VDSO_CPUNODE_BITS). */
const PROCESSOR_MASK = 0xfffn

/** A segment whose limit is that number, for processors without rdpid (there: __CPUNODE_SEG). */
const PROCESSOR_SEGMENT = 0x7bn

export function emitSample(emission: Emission, { local, source }: Statement & { op: 'sample' }): void {
  const { width, signed } = rangeOf(typeOfLocal(emission, local))
  intoLocal(emission, local, (to) => {
    sampleInto(emission, source, to)
    if (width < 8) emission.code.load(to, to, width, signed)
  })
}

function sampleInto(emission: Emission, source: Sample, to: Register): void {
  switch (source.kind) {
    case 'clock':
      emitTime(emission, CONTROL[source.clock], to)
      return
    case 'elapsed':
      emitTime(emission, CONTROL.boot, to)
      withRegister(emission, (control) => {
        emission.code.moveImmediate(control, offsetBy(emission.request.dataAddress, CONTROL.start))
        emission.code.arithmetic('sub', to, memory(control))
      })
      return
    case 'processor':
      emitProcessor(emission, to)
      return
    case 'random':
      emitRandom(emission, to)
      return
    default:
      throw new NotGenerated(source.kind)
  }
}

/** Nanoseconds of the clock whose base stands at the offset of the control page. Changes rax and rdx. */
export function emitTime(emission: Emission, base: number, to: Register): void {
  const { code, request } = emission
  if (!request.machine.hasClock) throw new NotGenerated('the time')
  clobber(emission, RAX, RDX)
  withRegister(emission, (control) => {
    code.moveImmediate(control, request.dataAddress)
    code.readTimeStamp()
    code.shift('shl', RDX, 32)
    code.arithmetic('or', RAX, RDX)
    code.arithmetic('sub', RAX, memory(control, CONTROL.tscBase))
    code.move(RDX, memory(control, CONTROL.multiplier))
    code.multiplyWide(RDX)
    code.shiftRightDouble(RAX, RDX, 32)
    code.arithmetic('add', RAX, memory(control, base))
  })
  code.move(to, RAX)
}

function emitProcessor(emission: Emission, to: Register): void {
  if (emission.request.machine.hasRdpid) emission.code.asm.readProcessorId(to)
  else {
    emission.code.moveImmediate(to, PROCESSOR_SEGMENT)
    emission.code.segmentLimit(to, to)
  }
  emission.code.arithmeticImmediate('and', to, PROCESSOR_MASK)
}

/** SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
export const splitMix = {
  increment: 0x9e3779b97f4a7c15n,
  factors: [0xbf58476d1ce4e5b9n, 0x94d049bb133111ebn],
  shifts: [30, 27, 31],
} as const

/** From the thread's own state; a signal handler in between gets another number. */
function emitRandom(emission: Emission, to: Register): void {
  const { code, slot, request } = emission
  if (slot === undefined) throw new NotGenerated('rand without a slot')
  withRegister(emission, (part) => {
    code.moveImmediate(to, splitMix.increment)
    code.exchangeAdd(memory(slot, SLOT.random), to, false)
    code.moveImmediate(part, offsetBy(request.dataAddress, CONTROL.seed))
    code.arithmetic('add', to, memory(part))
    for (const [at, shift] of splitMix.shifts.entries()) {
      code.move(part, to)
      code.shift('shr', part, shift)
      code.arithmetic('xor', to, part)
      const factor = splitMix.factors[at]
      if (factor === undefined) continue
      code.moveImmediate(part, factor)
      code.multiply(to, part)
    }
  })
}
