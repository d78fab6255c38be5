import type { InstructionKind } from '../instruction-class.js'
import { Code, type Instruction, Mnemonic, Register } from './iced.js'

/** In order: the first that applies. */
const kinds: readonly (readonly [InstructionKind, (instruction: Instruction) => boolean])[] = [
  ['relative call', ({ isCallNear }) => isCallNear],
  ['indirect call', ({ isCallNearIndirect }) => isCallNearIndirect],
  ['relative jump', ({ isJmpShortOrNear }) => isJmpShortOrNear],
  ['indirect jump', ({ isJmpNearIndirect }) => isJmpNearIndirect],
  ['conditional jump', ({ isJccShortOrNear }) => isJccShortOrNear],
  ['loop', ({ isLoop, isLoopcc, isJcxShort }) => isLoop || isLoopcc || isJcxShort],
  ['return', ({ mnemonic }) => mnemonic === Mnemonic.Ret],
  ['no-operation', ({ mnemonic }) => mnemonic === Mnemonic.Nop || mnemonic === Mnemonic.Endbr64],
  ['push of flags', ({ code }) => code === Code.Pushfq || code === Code.Pushfw],
  ['pop of flags', ({ code }) => code === Code.Popfq || code === Code.Popfw],
  ['system call', ({ code }) => code === Code.Syscall],
  ['software interrupt', ({ code }) => code === Code.Int_imm8],
  ['transaction', ({ mnemonic }) => transactions.has(mnemonic)],
  ['repeated string', (instruction) => instruction.isStringInstruction && repeats(instruction)],
  ['rip-relative', ({ isIpRelMemoryOperand }) => isIpRelMemoryOperand],
  ['push', ({ mnemonic }) => mnemonic === Mnemonic.Push],
  ['pop', ({ mnemonic }) => mnemonic === Mnemonic.Pop],
]

const transactions: ReadonlySet<Mnemonic> = new Set([Mnemonic.Xbegin, Mnemonic.Xend, Mnemonic.Xabort])

function repeats({ hasRepPrefix, hasRepnePrefix }: Instruction): boolean {
  return hasRepPrefix || hasRepnePrefix
}

export function instructionKind(instruction: Instruction): InstructionKind {
  return kinds.find(([, applies]) => applies(instruction))?.[0] ?? 'plain'
}

/**
 * What a single step does not survive unseen: pushf and syscall (in r11) store the trap flag; of a step over `int 0x80` the
 * kernel makes a trap of the program's own (TRAP_BRKPT, arch/x86/kernel/ptrace.c); a write of ss holds the trap back for one
 * instruction (SDM vol. 3, 7.8.3).
 */
export function hidesStep(instruction: Instruction): boolean {
  const writesStackSegment = instruction.op0Register === Register.SS && instruction.mnemonic !== Mnemonic.Push
  return writesStackSegment || hiding.has(instructionKind(instruction))
}

const hiding: ReadonlySet<InstructionKind> = new Set(['push of flags', 'system call', 'software interrupt'])
