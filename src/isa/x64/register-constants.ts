import { directTarget, fallsThrough, isNearCall } from './direct-target.js'
import type { FunctionCode } from './function-code.js'
import {
  ConditionCode,
  FlowControl,
  type Instruction,
  InstructionInfoFactory,
  Mnemonic,
  OpAccess,
  OpKind,
  RegisterExt,
} from './iced.js'
import { InstructionCursor } from './instruction-cursor.js'
import { type ModuleCode, textBytes } from './module-code.js'

/** The 32-bit numbers one of which is in a register, sorted. */
export type Numbers = readonly number[]

/** What each general register holds; undefined for unknown. */
type Constants = (Numbers | undefined)[]

/** More numbers than this in one register are as good as unknown. */
const MAX_NUMBERS = 8

/** More passes than a function needs: each makes at least one known value unknown, and most settle in two. */
const PASSES = 32
/** Registers that a call keeps (System V ABI, 3.2.1). */
const keptByCalls: ReadonlySet<number> = new Set([3, 4, 5, 12, 13, 14, 15])
/** Registers that a system call does not keep: rax, rcx, r11. */
const lostInKernel = [0, 1, 11]
const RAX = 0

const factory = new InstructionInfoFactory()

interface Flow {
  readonly owner: FunctionCode
  /** Constants on arrival at branch targets. */
  readonly arriving: Map<number, Constants>
  readonly numbers: Map<number, Numbers | undefined>
  changed: boolean
  /** The register that the instruction before has compared with zero. */
  tested: number | undefined
}

/**
 * For each `syscall` of a function, by address, the numbers that eax may hold, or undefined. A forward data flow over
 * the function, repeated until nothing changes. At `entries`, and behind jumps where an indirect one may lead, all is unknown.
 */
export function syscallNumbers(
  code: ModuleCode,
  owner: FunctionCode,
  entries: ReadonlySet<number>,
): ReadonlyMap<number, Numbers | undefined> {
  const flow: Flow = { owner, arriving: new Map(), numbers: new Map(), changed: true, tested: undefined }
  for (let pass = 0; flow.changed; pass++) {
    if (pass === PASSES) return new Map([...flow.numbers.keys()].map((at) => [at, undefined]))
    flow.changed = false
    runOver(code, flow, entries)
  }
  return flow.numbers
}

function runOver(code: ModuleCode, flow: Flow, entries: ReadonlySet<number>): void {
  const { bounds, indirectJumps } = flow.owner
  const { start, end } = bounds
  const unknown = (): Constants => new Array<Numbers | undefined>(16).fill(undefined)
  let state: Constants | undefined = unknown()
  using cursor = new InstructionCursor(textBytes(code, start, end - start), start)
  while (cursor.next()) {
    const at = start + cursor.offset
    const arriving = flow.arriving.get(at)
    if (arriving !== undefined) state = state === undefined ? [...arriving] : met(state, arriving)
    if (entries.has(at) || (state === undefined && indirectJumps.length > 0)) state = unknown()
    if (state === undefined || flow.owner.branchTargets.has(at)) flow.tested = undefined
    if (state === undefined) continue
    state = step(flow, cursor.instruction, at, state)
  }
}

/** The state behind an instruction, undefined where control does not go on. */
function step(flow: Flow, instruction: Instruction, at: number, state: Constants): Constants | undefined {
  if (instruction.mnemonic === Mnemonic.Syscall) flow.numbers.set(at, state[RAX])
  const target = isNearCall(instruction) ? undefined : directTarget(instruction)
  if (target !== undefined) arrive(flow, Number(target), whereZero(flow, instruction, ConditionCode.e, state))
  if (!fallsThrough(instruction)) return undefined
  const zero = whereZero(flow, instruction, ConditionCode.ne, state)
  flow.tested = testedRegister(instruction)
  return stateBehind(instruction, zero)
}

/** On the way of a conditional jump on which the register tested is zero. */
function whereZero({ tested }: Flow, { conditionCode }: Instruction, on: ConditionCode, state: Constants): Constants {
  return tested === undefined || conditionCode !== on ? state : state.with(tested, [0])
}

/** `test %reg, %reg` */
function testedRegister({ mnemonic, op0Kind, op1Kind, op0Register, op1Register }: Instruction): number | undefined {
  const same = op0Kind === OpKind.Register && op1Kind === OpKind.Register && op0Register === op1Register
  return mnemonic === Mnemonic.Test && same && RegisterExt.isGPR64(op0Register)
    ? RegisterExt.number(op0Register)
    : undefined
}

function stateBehind(instruction: Instruction, state: Constants): Constants {
  if (instruction.flowControl === FlowControl.Next || instruction.flowControl === FlowControl.ConditionalBranch)
    noteWrites(instruction, state)
  else if (isNearCall(instruction)) forget(state, (register) => !keptByCalls.has(register))
  else if (instruction.mnemonic === Mnemonic.Syscall) forget(state, (register) => lostInKernel.includes(register))
  else forget(state, () => true)
  return state
}

function forget(state: Constants, lost: (register: number) => boolean): void {
  state.forEach((_, register) => {
    if (lost(register)) state[register] = undefined
  })
}

function arrive(flow: Flow, target: number, state: Constants): void {
  const known = flow.arriving.get(target)
  const joined = known === undefined ? [...state] : met(known, state)
  if (known !== undefined && joined.every((value, register) => isSame(value, known[register]))) return
  flow.arriving.set(target, joined)
  flow.changed = true
}

function met(a: Constants, b: Constants): Constants {
  return a.map((value, register) => either(value, b[register]))
}

function either(a: Numbers | undefined, b: Numbers | undefined): Numbers | undefined {
  if (a === undefined || b === undefined) return undefined
  const all = [...new Set([...a, ...b])].sort((x, y) => x - y)
  return all.length > MAX_NUMBERS ? undefined : all
}

function isSame(a: Numbers | undefined, b: Numbers | undefined): boolean {
  return String(a) === String(b)
}

function noteWrites(instruction: Instruction, state: Constants): void {
  const value = constantWritten(instruction, state)
  const info = factory.info(instruction)
  for (const used of info.usedRegisters()) {
    const isRead =
      used.access === OpAccess.Read || used.access === OpAccess.CondRead || used.access === OpAccess.NoMemAccess
    if (RegisterExt.isGPR(used.register) && !isRead)
      state[RegisterExt.number(RegisterExt.fullRegister(used.register))] = undefined
    used.free()
  }
  info.free()
  if (value !== undefined) state[RegisterExt.number(instruction.op0Register)] = value
}

/** What a move or a clearing leaves in the whole of a register. */
function constantWritten(instruction: Instruction, state: Constants): Numbers | undefined {
  if (instruction.op0Kind !== OpKind.Register || !isWhole(instruction.op0Register)) return undefined
  if (instruction.mnemonic === Mnemonic.Mov) return moved(instruction, state)
  const clears = instruction.mnemonic === Mnemonic.Xor && instruction.op1Kind === OpKind.Register
  return clears && instruction.op0Register === instruction.op1Register ? [0] : undefined
}

function moved(instruction: Instruction, state: Constants): Numbers | undefined {
  switch (instruction.op1Kind) {
    case OpKind.Register:
      return isWhole(instruction.op1Register) ? state[RegisterExt.number(instruction.op1Register)] : undefined
    case OpKind.Immediate32:
    case OpKind.Immediate32to64:
    case OpKind.Immediate64:
      return [Number(BigInt.asUintN(32, instruction.immediate(1)))]
    default:
      return undefined
  }
}

function isWhole(register: number): boolean {
  return RegisterExt.isGPR32(register) || RegisterExt.isGPR64(register)
}
