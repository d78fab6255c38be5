import type { FunctionBounds } from '../code-facts.js'
import { AddressSums } from './address-sums.js'
import { directTarget } from './direct-target.js'
import { FlowControl, type Instruction, OpKind, Register, RegisterExt } from './iced.js'
import { InstructionCursor } from './instruction-cursor.js'
import { type ModuleCode, textBytes } from './module-code.js'

/** An indirect jump of a function. */
export interface IndirectJump {
  readonly address: number
  /** Hardware number of the register that holds the target; undefined when the target is read from memory. */
  readonly register: number | undefined
}

/** What a decode of a whole function, from its start to its end, shows. */
export interface FunctionCode {
  readonly bounds: FunctionBounds
  /** False when the bytes cannot be decoded as one run of instructions that ends at the function's end. */
  readonly valid: boolean
  /** Where its direct branches and calls go. */
  readonly branchTargets: ReadonlySet<number>
  /** Addresses that its instructions form: rip-relative operands; in code at a fixed address also immediates and displacements. */
  readonly addresses: ReadonlySet<number>
  /** Addresses that it makes of others by adding a number. */
  readonly sums: ReadonlySet<number>
  readonly indirectJumps: readonly IndirectJump[]
}

interface Findings {
  readonly branchTargets: Set<number>
  readonly addresses: Set<number>
  readonly sums: Set<number>
  readonly indirectJumps: IndirectJump[]
}

export function decodeFunction(code: ModuleCode, bounds: FunctionBounds): FunctionCode {
  const length = bounds.end - bounds.start
  const bytes = textBytes(code, bounds.start, length)
  const findings: Findings = { branchTargets: new Set(), addresses: new Set(), sums: new Set(), indirectJumps: [] }
  const held = new AddressSums()
  using cursor = new InstructionCursor(bytes, bounds.start)
  while (cursor.next()) {
    const sum = held.step(cursor.instruction)
    if (sum !== undefined) findings.sums.add(sum)
    note(cursor.instruction, bounds.start + cursor.offset, code.fixedAddress, findings)
  }
  return { bounds, valid: cursor.offset === length, ...findings }
}

function note(instruction: Instruction, address: number, fixedAddress: boolean, findings: Findings): void {
  const target = directTarget(instruction)
  if (target !== undefined) {
    findings.branchTargets.add(Number(target))
    return
  }
  if (instruction.isIpRelMemoryOperand) findings.addresses.add(Number(instruction.ipRelMemoryAddress))
  else if (fixedAddress) noteAbsolute(instruction, findings.addresses)
  if (instruction.flowControl === FlowControl.IndirectBranch) {
    findings.indirectJumps.push({ address, register: registerOperand(instruction) })
  }
}

function registerOperand(instruction: Instruction): number | undefined {
  return instruction.op0Kind === OpKind.Register ? RegisterExt.number(instruction.op0Register) : undefined
}

function noteAbsolute(instruction: Instruction, addresses: Set<number>): void {
  for (let operand = 0; operand < instruction.opCount; operand++) {
    switch (instruction.opKind(operand)) {
      case OpKind.Immediate32:
      case OpKind.Immediate32to64:
      case OpKind.Immediate64:
        addresses.add(Number(BigInt.asIntN(64, instruction.immediate(operand))))
        break
      case OpKind.Memory:
        if (instruction.memoryBase === Register.None || instruction.memoryIndex !== Register.None)
          addresses.add(Number(BigInt.asIntN(64, instruction.memoryDisplacementU64)))
        break
      default:
        break
    }
  }
}
