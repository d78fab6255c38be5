import type { Address } from '../../../bytes/address.js'
import type { Input } from '../../../ir/expression.js'
import type { Handler, Program } from '../../../ir/program.js'
import type { Statement } from '../../../ir/statement.js'
import type { StackStart } from '../../../stacks/stack-start.js'
import type { ProgramLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import type { Fixup } from '../hit-code.js'
import type { DeadState } from '../preserve.js'
import type { Encoder } from './encoder.js'
import type { Frame } from './frame.js'
import type { HitState } from './hit-state.js'
import type { Literals } from './literals.js'
import { OutOfRegisters } from './not-generated.js'
import type { Memory } from './operand.js'
import type { RegisterPool } from './register-pool.js'
import type { Support } from './support.js'

/** What machine code may ask of the processor and the target's C library. */
export interface Machine {
  /** Where threads' numbers are, from the thread pointer: see emitIdentifyThread. `undefined` where no word is known to be one. */
  readonly tidOffset: number | undefined
  readonly hasRdpid: boolean
  /** Whether the control page says how the time-stamp counter tells the time. */
  readonly hasClock: boolean
}

/** A handler at a site. */
export interface HandlerRequest extends DeadState {
  readonly program: Program
  readonly handler: Handler
  readonly layout: ProgramLayout
  readonly dataAddress: Address
  readonly machine: Machine
  /** What of the hit is the same at every hit of the site, or of the whole process. */
  readonly constant: (input: Input) => bigint | undefined
  /** The handler is of a probe whose function is followed into others: its calls have places of their own. */
  readonly isFollowed?: boolean
  /** Where stacks begin at the site. Only for programs that take some. */
  readonly stackStart: StackStart | undefined
  /** Bytes by which rsp is lower than it was at the site where the code begins. */
  readonly stackBelow: number
}

/** Where a local lives: blocks always in the frame. */
export type LocalPlace = Register | Memory

/** The code of one handler while it is being made. */
export interface Emission {
  readonly code: Encoder
  readonly request: HandlerRequest
  readonly support: Support
  readonly pool: RegisterPool
  readonly frame: Frame
  readonly hit: HitState
  readonly literals: Literals
  readonly locals: ReadonlyMap<number, LocalPlace>
  /** Where the thread's slot is, from the statement on that `slotIsFoundAt` names. */
  readonly slot: Register | undefined
  readonly slotIsFoundAt: Statement | undefined
  /** Whether the code so far has found it. */
  readonly foundSlot: { done: boolean }
  /** Whether the handler reads what the slot remembers of its thread. */
  readonly identifiesThread: boolean
  /** Every register that the code changes. */
  readonly clobbered: Set<Register>
  readonly fixups: Fixup[]
  /** Emit what runs rarely, behind everything else. */
  readonly cold: (() => void)[]
  /** A word that counts the turns of loops that are left. */
  readonly turns: Memory | undefined
  /** Of the handler. */
  readonly end: Label
}

export function newLabel(): Label {
  return { position: undefined }
}

/** Runs `body` with a register that is its own meanwhile. */
export function withRegister<T>(emission: Emission, body: (register: Register) => T): T {
  const register = emission.pool.take()
  if (register === undefined) throw new OutOfRegisters()
  emission.clobbered.add(register)
  const result = body(register)
  emission.pool.give(register)
  return result
}

/** In order of preference. */
const workRegisters: readonly Register[] = [RCX, RDX, RSI, RDI, RAX]

/** Like `withRegister`, for a body that uses none of the work registers but those in `used`: a dead one then need not be saved. */
export function withScratch<T>(emission: Emission, used: readonly Register[], body: (register: Register) => T): T {
  const { request, hit } = emission
  const isFree = (register: Register): boolean =>
    request.deadRegisters.includes(register) &&
    !used.includes(register) &&
    !hit.needs.read.has(register) &&
    // Flags are kept in rax where nothing else wants it.
    (register !== RAX || request.flagsDead)
  const free = workRegisters.find(isFree) ?? (isOfSlot(emission, used) ? emission.slot : undefined)
  if (free === undefined) return withRegister(emission, body)
  emission.clobbered.add(free)
  return body(free)
}

/** Whether the slot's register is still to be filled. */
function isOfSlot({ slot, foundSlot }: Emission, used: readonly Register[]): boolean {
  return slot !== undefined && !foundSlot.done && !used.includes(slot)
}

/** For work registers, which hold nothing while anything else is computed. */
export function clobber(emission: Emission, ...registers: readonly Register[]): void {
  for (const register of registers) emission.clobbered.add(register)
}

/** Runs `body`; what it takes of the frame is free afterwards. */
export function withFrame<T>({ frame }: Emission, body: () => T): T {
  const { mark } = frame
  const result = body()
  frame.release(mark)
  return result
}

/** Emits code behind everything else: what runs rarely. It may use the registers that are free now. */
export function emitCold({ pool, frame, cold }: Emission, body: () => void): void {
  const { available } = pool
  const { mark } = frame
  cold.push(() => pool.during(available, () => frame.during(mark, body)))
}
