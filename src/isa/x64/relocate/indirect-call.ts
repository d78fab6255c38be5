import { hex, offsetBy } from '../../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../../refusal/refusal.js'
import { type Instruction, OpKind, Register } from '../iced.js'
import { int32Bytes } from '../machine-code.js'
import { withFarOperand } from './far-operand.js'
import { hasNarrowOperand, opcodeOffset } from './prefixes.js'
import type { Relocation, RelocationCase } from './relocation-case.js'
import { PUSHED, RETURN_PUSH_LENGTH, withReturnPush } from './return-push.js'
import { ripRelativeBytes } from './rip-relative.js'

/** ModRM.reg of `FF /2` (call) and `FF /4` (jmp), shifted into place. */
const JMP_EXTENSION = 4 << 3
const MODRM_REG_MASK = 7 << 3
/** ModRM.mod of a 32-bit displacement. */
const MOD_DISP32 = 0x80

/** `call r/m64` → push of the original return address, `jmp r/m64` with an operand that allows for the push. */
export const indirectCall: RelocationCase = {
  name: 'call r/m64',
  applies: (instruction) => instruction.isCallNearIndirect,
  encode(relocation) {
    const { instruction, to } = relocation
    if (instruction.isIpRelMemoryOperand && isRefusal(ripRelativeBytes(relocation, offsetBy(to, RETURN_PUSH_LENGTH)))) {
      return withFarOperand(relocation)
    }
    const jumping = asJump(relocation)
    return isRefusal(jumping) ? jumping : withReturnPush(relocation, jumping)
  },
}

function asJump(relocation: Relocation): readonly number[] | Refusal {
  const { instruction, bytes, from } = relocation
  if (hasNarrowOperand(bytes) || instruction.memoryBase === Register.ESP) {
    return refuse('not-relocatable', `the call at ${hex(from)} has a 16- or 32-bit operand`)
  }
  if (instruction.op0Kind === OpKind.Register) return withJumpOpcode(bytes)
  if (instruction.isIpRelMemoryOperand) {
    const moved = ripRelativeBytes(relocation, offsetBy(relocation.to, RETURN_PUSH_LENGTH))
    return isRefusal(moved) ? moved : withJumpOpcode(moved)
  }
  return instruction.memoryBase === Register.RSP ? fromStack(relocation) : withJumpOpcode(bytes)
}

function withJumpOpcode(bytes: ArrayLike<number>): number[] {
  const jumping = Uint8Array.from(bytes)
  const modrm = opcodeOffset(jumping) + 1
  jumping[modrm] = ((jumping[modrm] ?? 0) & ~MODRM_REG_MASK) | JMP_EXTENSION
  return [...jumping]
}

/** `[rsp + …]`: eight bytes further up after the push. ModRM and SIB keep their registers and get a 32-bit displacement. */
function fromStack({ instruction, bytes, from }: Relocation): readonly number[] | Refusal {
  const displacement = signedDisplacement(instruction)
  if (displacement < 0) {
    return refuse('not-relocatable', `the call at ${hex(from)} reads its target from below the stack pointer`)
  }
  const modrm = opcodeOffset(bytes) + 1
  const registers = ((bytes[modrm] ?? 0) & 7) | JMP_EXTENSION | MOD_DISP32
  return [...bytes.subarray(0, modrm), registers, bytes[modrm + 1] ?? 0, ...int32Bytes(displacement + PUSHED)]
}

function signedDisplacement(instruction: Instruction): number {
  return Number(BigInt.asIntN(64, instruction.memoryDisplacementU64))
}
