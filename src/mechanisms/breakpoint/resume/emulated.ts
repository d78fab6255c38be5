import type { Address } from '../../../bytes/address.js'
import { type Emulation, MemoryFault } from '../../../isa/emulation.js'
import type { Architecture } from '../../../isa/site-analysis.js'
import { refuse } from '../../../refusal/refusal.js'
import type { Memory } from '../../../target/memory.js'
import { ThreadCpu } from '../../../target/thread-cpu.js'
import type { ServedSite } from '../../../trampolines/plan-trampolines.js'
import { boosted } from './boosted.js'
import type { Resume } from './resume.js'

/** The tracer executes the instruction on the saved registers: the thread never runs it, and needs no copy. */
export function emulated(arch: Architecture, memory: Memory): Resume {
  const emulations = new Map<Address, Emulation | undefined>()
  const emulationOf = ({ site, analysis }: ServedSite): Emulation | undefined => {
    const [instruction] = analysis.displaced
    if (!emulations.has(site.address) && instruction !== undefined)
      emulations.set(site.address, arch.emulationOf(instruction.bytes, site.address))
    return emulations.get(site.address)
  }
  return {
    name: 'emulated',
    refuses(served) {
      const emulation = emulationOf(served)
      if (emulation === undefined)
        return refuse('not-emulated', `the instruction at ${served.site.key} is not one of those that are emulated`)
      return emulation.memory === 'any'
        ? refuse('not-emulated', `${served.site.key} uses memory that other threads may use at the same time`)
        : undefined
    },
    prepare(thread, planted) {
      const emulation = emulationOf(planted.served)
      try {
        if (emulation?.execute(new ThreadCpu(thread.registers, memory)) === true) return 'go-on'
      } catch (error) {
        // The thread has to meet that fault itself.
        if (!(error instanceof MemoryFault)) throw error
      }
      return boosted.prepare(thread, planted)
    },
    finish: () => undefined,
    abort: () => {},
  }
}
