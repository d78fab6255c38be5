import { assert } from '../../bytes/assert.js'
import type { CounterForm } from './counter-form.js'

/** The processor number is the low 12 bits of IA32_TSC_AUX (arch/x86/include/asm/segment.h, VDSO_CPUNODE_BITS). */
const CPU_MASK = 0xfff

/** A block for each processor, incremented with a lock prefix: for code without a thread pointer, such as Go's. */
export const perCpuCounter: CounterForm = {
  name: 'per-cpu',
  scratchRegisters: 1,
  emitIncrement({ asm, support, scratch, counterOffset }) {
    const [block] = scratch
    assert(block !== undefined, 'one scratch register')
    asm.readProcessorId(block)
    asm.and32(block, CPU_MASK)
    asm.shiftLeft64(block, support.layout.strideShift)
    asm.addFrom(block, support.blocks)
    asm.lockedIncrementMemory(block, counterOffset)
    return undefined
  },
  emitSupport(asm, support) {
    asm.bind(support.slow)
  },
}
