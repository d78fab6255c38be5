import { assert } from '../../bytes/assert.js'
import type { CounterForm } from './counter-form.js'

/** One block for all, incremented with a lock prefix: needs nothing from the target, and does not scale. */
export const sharedCounter: CounterForm = {
  name: 'shared',
  scratchRegisters: 1,
  emitIncrement({ asm, support, scratch, counterOffset }) {
    const [block] = scratch
    assert(block !== undefined, 'one scratch register')
    asm.loadFrom(block, support.blocks)
    asm.lockedIncrementMemory(block, counterOffset)
    return undefined
  },
  emitSupport(asm, support) {
    asm.bind(support.slow)
  },
}
