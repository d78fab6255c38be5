import type { Address } from '../../../bytes/address.js'
import type { Architecture } from '../../../isa/site-analysis.js'
import { MemoryFault } from '../../../isa/x64/emulate/cpu-state.js'
import type { Emulation } from '../../../isa/x64/emulate/emulation-of.js'
import type { Memory } from '../../../target/memory.js'
import { ThreadCpu } from '../../../target/thread-cpu.js'
import type { PlantedSite } from '../planted-site.js'
import { boosted } from './boosted.js'
import type { Resume } from './resume.js'

/** The tracer executes the instruction on the saved registers: the thread never runs it, and needs no copy. */
export function emulated(arch: Architecture, memory: Memory): Resume {
  const emulations = new Map<Address, Emulation | undefined>()
  const emulationOf = ({ site, edit, served }: PlantedSite): Emulation | undefined => {
    const [instruction] = served.analysis.displaced
    if (!emulations.has(edit.site) && instruction !== undefined)
      emulations.set(edit.site, arch.emulationOf(instruction.bytes, site.address))
    return emulations.get(edit.site)
  }
  return {
    name: 'emulated',
    prepare(thread, planted) {
      try {
        if (emulationOf(planted)?.execute(new ThreadCpu(thread.registers, memory)) === true) return 'go-on'
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
