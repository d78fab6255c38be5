import { type Address, offsetBy } from '../../../bytes/address.js'
import type { Architecture } from '../../../isa/site-analysis.js'
import { MemoryFault } from '../../../isa/x64/emulate/cpu-state.js'
import type { Emulation } from '../../../isa/x64/emulate/emulation-of.js'
import type { Memory } from '../../../target/memory.js'
import { Registers } from '../../../target/registers.js'
import { ThreadCpu } from '../../../target/thread-cpu.js'
import type { TracedThread } from '../../../target/traced-thread.js'
import type { PlantedSite } from '../planted-site.js'
import { boosted } from './boosted.js'
import type { Resume } from './resume.js'

const INT3_LENGTH = 1

/**
 * The tracer executes the instruction on the saved registers: the thread never runs it, and needs no copy. It is not left
 * behind another int3, or its own: should the tracer be killed before it goes on, the handler would take that for a hit.
 */
export function emulated(arch: Architecture, memory: Memory, isPlanted: (at: Address) => boolean): Resume {
  const before = new Registers()
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
      before.bytes.set(thread.registers.bytes)
      if (!execute(emulationOf(planted), thread, memory)) return boosted.prepare(thread, planted)
      const { registers } = thread
      if (!isPlanted(offsetBy(registers.rip, -INT3_LENGTH))) return 'go-on'
      if (registers.rip === offsetBy(planted.site.address, INT3_LENGTH) && planted.jumpBack !== undefined) {
        registers.set('rip', planted.jumpBack)
        return 'go-on'
      }
      before.bytes.copy(registers.bytes)
      return boosted.prepare(thread, planted)
    },
    finish: () => undefined,
    abort: () => {},
  }
}

/** @returns false when the thread has to execute it itself, and meet its fault. */
function execute(emulation: Emulation | undefined, { registers }: TracedThread, memory: Memory): boolean {
  try {
    return emulation?.execute(new ThreadCpu(registers, memory)) === true
  } catch (error) {
    if (error instanceof MemoryFault) return false
    throw error
  }
}
