import { Code, type Instruction } from './iced.js'

type Reason = readonly [applies: (instruction: Instruction) => boolean, because: string]

const BREAKPOINT_VECTOR = 3

/** Instructions whose meaning is tied to their address, and why. */
const tied: readonly Reason[] = [
  [isBreakpoint, 'a debugger or the program itself has put it there, and expects the trap at its address'],
  [isFar, 'it changes the code segment'],
  [
    ({ code }) => code === Code.Sysenter || code === Code.Sysexitd || code === Code.Sysexitq,
    'the kernel returns from it to a fixed address',
  ],
]

/** `int3` in its long form, too. */
function isBreakpoint({ code, immediate8 }: Instruction): boolean {
  return code === Code.Int3 || code === Code.Int1 || (code === Code.Int_imm8 && immediate8 === BREAKPOINT_VECTOR)
}

function isFar(instruction: Instruction): boolean {
  return instruction.isCallFarIndirect || instruction.isJmpFarIndirect || farReturns.has(instruction.code)
}

const farReturns: ReadonlySet<Code> = new Set([
  ...[Code.Retfw, Code.Retfd, Code.Retfq, Code.Retfw_imm16, Code.Retfd_imm16, Code.Retfq_imm16],
  ...[Code.Iretw, Code.Iretd, Code.Iretq, Code.Sysretd, Code.Sysretq],
])

/** Why an instruction must stay where it is, or undefined. */
export function tiedToItsAddress(instruction: Instruction): string | undefined {
  return tied.find(([applies]) => applies(instruction))?.[1]
}

/** Why an instruction must not be probed in any way, or undefined. */
export function reasonNotToProbe(instruction: Instruction): string | undefined {
  return (
    tiedToItsAddress(instruction) ??
    (instruction.isPrivileged ? 'it is privileged: user code that comes to it ends' : undefined)
  )
}
