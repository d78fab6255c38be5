import { type Instruction, Mnemonic, OpKind, Register, RegisterExt } from './iced.js'

/**
 * Where the value in a register comes from, as far as an indirect jump through it cares. The numbers form a lattice in
 * which the bitwise or of two origins is what their meeting gives.
 * - POINTER: a whole pointer: loaded from memory, formed by lea, or handed over by a caller or callee. Somebody took
 *   that address, which shows as a relocation, an absolute word or a lea. Pointers that libc stores mangled count too.
 * - WORD: 32 bits loaded from memory, not sign-extended yet, as unoptimised code has it.
 * - ENTRY: a table entry: such a word, sign-extended.
 * - SUM: a base plus an entry, how every position-independent jump table ends.
 * - COMPUTED: anything else, or different things on different paths.
 */
export const POINTER = 0
const ENTRY = 1
export const SUM = 2
const WORD = 4
export const COMPUTED = 7
export type Origin = number

/** Origins of the general registers by hardware number. */
export type Origins = Uint8Array

const RAX = 0
const RCX = 1
const R11 = 11

/** Registers that a call may leave a new pointer in (System V ABI, 3.2.1: not preserved). */
const callClobbered = [0, 1, 2, 6, 7, 8, 9, 10, 11]

export function noteCall(origins: Origins): void {
  for (const register of callClobbered) origins[register] = POINTER
}

/** A system call leaves a number in rax, which may be anything, and clobbers rcx and r11; all others it keeps. */
export function noteKernelEntry(origins: Origins): void {
  for (const register of [RAX, RCX, R11]) origins[register] = COMPUTED
}

/** What an instruction that is no branch and no call does to the origins. */
export function noteWrite(instruction: Instruction, origins: Origins): void {
  if (instruction.mnemonic === Mnemonic.Xchg) {
    noteExchange(instruction, origins)
    return
  }
  if (instruction.mnemonic === Mnemonic.Cdqe) {
    origins[RAX] = origins[RAX] === WORD ? ENTRY : COMPUTED
    return
  }
  if (instruction.opCount === 0 || instruction.op0Kind !== OpKind.Register) return
  if (!RegisterExt.isGPR(instruction.op0Register)) return
  const register = numberOf(instruction.op0Register)
  origins[register] = writtenOrigin(instruction, origins, origins[register] ?? COMPUTED)
}

function noteExchange(instruction: Instruction, origins: Origins): void {
  for (let operand = 0; operand < 2; operand++) {
    if (instruction.opKind(operand) === OpKind.Register) origins[numberOf(instruction.opRegister(operand))] = COMPUTED
  }
}

function numberOf(register: Register): number {
  return RegisterExt.number(RegisterExt.fullRegister(register))
}

function writtenOrigin(instruction: Instruction, origins: Origins, before: Origin): Origin {
  switch (instruction.mnemonic) {
    case Mnemonic.Cmp:
    case Mnemonic.Test:
    case Mnemonic.Push:
    case Mnemonic.Bt:
      return before
    case Mnemonic.Pop:
      return POINTER
    case Mnemonic.Mov:
      return movedOrigin(instruction, origins)
    case Mnemonic.Movsxd:
      return extendedOrigin(instruction, origins)
    case Mnemonic.Lea:
      return addressOrigin(instruction, origins)
    case Mnemonic.Add:
      return addedOrigin(instruction, origins, before)
    case Mnemonic.Ror:
    case Mnemonic.Xor:
      return unmangledOrigin(instruction, before)
    default:
      return isConditionalMove(instruction) ? before | movedOrigin(instruction, origins) : COMPUTED
  }
}

function isConditionalMove({ mnemonic }: Instruction): boolean {
  return mnemonic >= Mnemonic.Cmova && mnemonic <= Mnemonic.Cmovs
}

function extendedOrigin(instruction: Instruction, origins: Origins): Origin {
  if (!RegisterExt.isGPR64(instruction.op0Register)) return COMPUTED
  if (instruction.op1Kind === OpKind.Memory) return ENTRY
  return origins[numberOf(instruction.op1Register)] === WORD ? ENTRY : COMPUTED
}

/** Only a full 64-bit move carries a pointer. A 32-bit immediate is an address in code that runs at a fixed place. */
function movedOrigin(instruction: Instruction, origins: Origins): Origin {
  if (instruction.op1Kind === OpKind.Immediate32) return POINTER
  if (RegisterExt.isGPR32(instruction.op0Register)) return instruction.op1Kind === OpKind.Memory ? WORD : COMPUTED
  if (!RegisterExt.isGPR64(instruction.op0Register)) return COMPUTED
  if (instruction.op1Kind !== OpKind.Register) return POINTER
  return RegisterExt.isGPR64(instruction.op1Register)
    ? (origins[numberOf(instruction.op1Register)] ?? COMPUTED)
    : COMPUTED
}

/** `lea x(%rip)` forms a pointer that the scan of the text sees; `lea (a,b)` is an addition. */
function addressOrigin(instruction: Instruction, origins: Origins): Origin {
  if (instruction.isIpRelMemoryOperand) return POINTER
  const { memoryBase, memoryIndex } = instruction
  if (memoryBase === Register.None || memoryIndex === Register.None) return COMPUTED
  if (instruction.memoryIndexScale !== 1 || instruction.memoryDisplacement !== 0n) return COMPUTED
  return sumOf(origins[numberOf(memoryBase)] ?? COMPUTED, origins[numberOf(memoryIndex)] ?? COMPUTED)
}

function addedOrigin(instruction: Instruction, origins: Origins, before: Origin): Origin {
  if (!RegisterExt.isGPR64(instruction.op0Register) || instruction.op1Kind !== OpKind.Register) return COMPUTED
  return sumOf(before, origins[numberOf(instruction.op1Register)] ?? COMPUTED)
}

/**
 * The entry makes it a table jump. What the base has been on other paths is not asked: where a function has several
 * tables, their targets blur the registers that hold the bases.
 */
function sumOf(a: Origin, b: Origin): Origin {
  return (a === ENTRY) !== (b === ENTRY) ? SUM : COMPUTED
}

/** glibc's PTR_DEMANGLE: `ror $17, reg; xor %fs:0x30, reg` turns a stored pointer back into itself. */
function unmangledOrigin(instruction: Instruction, before: Origin): Origin {
  const rotates = instruction.mnemonic === Mnemonic.Ror && instruction.op1Kind === OpKind.Immediate8
  const guards = instruction.op1Kind === OpKind.Memory && instruction.memorySegment === Register.FS
  return rotates || guards ? before : COMPUTED
}
