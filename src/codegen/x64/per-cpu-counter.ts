import { assert } from '../../bytes/assert.js'
import type { CounterForm } from './counter-form.js'

/** The processor number is the low 12 bits of IA32_TSC_AUX (arch/x86/include/asm/segment.h, VDSO_CPUNODE_BITS): more blocks are of no use. */
const MAX_BLOCKS = 4096

/**
 * A block for each processor, incremented with a lock prefix: for code without a thread pointer, such as Go's. Blocks are
 * a power of two, and processors whose numbers are too high share them: still exact, and never outside of the data.
 */
export const perCpuCounter: CounterForm = {
  name: 'per-cpu',
  scratchRegisters: 1,
  emitIncrement({ asm, support, scratch, counterOffset }) {
    const [block] = scratch
    const { blocks } = support.layout
    assert(block !== undefined, 'one scratch register')
    assert(blocks <= MAX_BLOCKS && Number.isInteger(Math.log2(blocks)), 'a power of two of blocks')
    asm.readProcessorId(block)
    asm.and32(block, blocks - 1)
    asm.shiftLeft64(block, support.layout.strideShift)
    asm.addFrom(block, support.blocks)
    asm.lockedIncrementMemory(block, counterOffset)
    return undefined
  },
  emitSupport(asm, support) {
    asm.bind(support.slow)
  },
}
