import { type Instruction, InstructionInfoFactory, RegisterExt, type UsedRegister } from './iced.js'

const factory = new InstructionInfoFactory()

/** Hardware numbers of the general registers that an instruction reads or writes, whole or in part, named or implied. */
export function usedGeneralRegisters(instruction: Instruction): ReadonlySet<number> {
  const info = factory.info(instruction)
  const numbers = new Set<number>()
  const registers: UsedRegister[] = info.usedRegisters()
  for (const used of registers) {
    const { register } = used
    if (RegisterExt.isGPR(register)) numbers.add(RegisterExt.number(RegisterExt.fullRegister(register)))
    used.free()
  }
  info.free()
  return numbers
}
