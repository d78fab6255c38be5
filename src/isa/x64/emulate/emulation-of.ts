import { type Address, offsetBy } from '../../../bytes/address.js'
import type { Instruction } from '../iced.js'
import { InstructionCursor } from '../instruction-cursor.js'
import { hasNarrowOperand } from '../relocate/prefixes.js'
import type { CpuState } from './cpu-state.js'
import type { Action, MemoryUse } from './emulation-case.js'
import { emulationCases } from './emulation-cases.js'
import { TF } from './flags.js'

/**
 * An instruction that is executed on saved registers instead of by the processor. Not for threads with a shadow stack,
 * which calls and returns would have to keep.
 */
export interface Emulation {
  /** The case's name. */
  readonly name: string
  readonly memory: MemoryUse
  /**
   * Executes it: memory is written first, then registers are set, last of all rip. False, with nothing changed, for a
   * state that is beyond emulation: the processor has to execute the instruction.
   * @throws MemoryFault before any register is set: the same
   */
  execute(cpu: CpuState): boolean
}

/** How to emulate the instruction at the beginning of `bytes`, which is at `at`; undefined for what is not emulated. */
export function emulationOf(bytes: Uint8Array, at: Address): Emulation | undefined {
  using cursor = new InstructionCursor(bytes, at)
  if (!cursor.next()) return undefined
  const { instruction } = cursor
  const own = bytes.subarray(0, cursor.nextOffset)
  const found = emulationCases.find((each) => each.applies(instruction))
  if (found === undefined || isDisputed(instruction, own)) return undefined
  const made = found.emulate({ instruction, next: offsetBy(at, own.length) })
  return made && { name: found.name, memory: made.memory, execute: (cpu) => execute(cpu, made.action) }
}

/** Branches with an operand size prefix: AMD's processors honour it, Intel's do not. Locked ones are none of ours. */
function isDisputed(instruction: Instruction, bytes: Uint8Array): boolean {
  if (instruction.hasLockPrefix) return true
  const branches =
    instruction.isCallNear ||
    instruction.isCallNearIndirect ||
    instruction.isJmpShortOrNear ||
    instruction.isJmpNearIndirect ||
    instruction.isJccShortOrNear ||
    instruction.isLoop ||
    instruction.isLoopcc ||
    instruction.isJcxShort
  return branches && hasNarrowOperand(bytes)
}

/** A program that steps itself has to get its trap. */
function execute(cpu: CpuState, action: Action): boolean {
  if ((cpu.eflags & TF) !== 0n) return false
  const next = action(cpu)
  if (next === undefined) return false
  cpu.rip = next
  return true
}
