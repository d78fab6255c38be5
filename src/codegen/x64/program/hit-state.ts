import { RAX, type Register, RSP } from '../assembler.js'
import type { DeadState } from '../preserve.js'
import type { Encoder } from './encoder.js'
import { type Memory, memory, type RegisterOrPlace } from './operand.js'

/** What a handler's code needs from its surroundings. Found by generating it until nothing new is found. */
export interface Needs {
  readonly clobbered: ReadonlySet<Register>
  /** Registers of the hit that it reads. */
  readonly read: ReadonlySet<Register>
  readonly frameSize: number
  /** How many registers are kept for values inside of a statement. */
  readonly temporaries: number
}

const WORD = 8

/** The program's state at the hit, and how it is kept while a handler runs: registers below the red zone, flags in one word. */
export class HitState {
  readonly read = new Set<Register>()
  readonly #pushed: readonly Register[]
  readonly #keepsFlags: boolean
  /** Else they stay in rax. */
  readonly #pushesFlags: boolean
  readonly #skipped: number
  readonly #frameSize: number

  constructor(
    readonly state: DeadState,
    readonly needs: Needs,
    readonly stackBelow: number,
  ) {
    this.#keepsFlags = !state.flagsDead
    const lost = new Set(this.#keepsFlags ? [...needs.clobbered, RAX] : needs.clobbered)
    this.#pushesFlags = this.#keepsFlags && needs.clobbered.has(RAX)
    this.#pushed = [...lost].filter((register) => !state.deadRegisters.includes(register) || needs.read.has(register))
    this.#frameSize = needs.frameSize
    this.#skipped = this.#pushed.length > 0 || this.#keepsFlags || needs.frameSize > 0 ? state.redZone : 0
  }

  /** Bytes below the stack pointer that still belong to the program while the handler's code runs. */
  get redZone(): number {
    return this.state.redZone - this.#skipped
  }

  /** Bytes of stack, the red zone not counted. */
  get stackBytes(): number {
    return WORD * (this.#pushed.length + (this.#pushesFlags ? 1 : 0)) + this.#frameSize
  }

  get pushed(): readonly Register[] {
    return this.#pushed
  }

  /** Where the value that a register had at the hit is. Not for rsp. */
  register(register: Register): RegisterOrPlace {
    this.read.add(register)
    const at = this.#pushed.indexOf(register)
    return at === -1 ? register : this.#saved(at)
  }

  /** What rsp was at the hit is the address of this. */
  get stackPointer(): Memory {
    return memory(RSP, this.stackBytes + this.#skipped + this.stackBelow)
  }

  emitSave({ asm }: Encoder): void {
    asm.moveStack(-this.#skipped)
    for (const register of this.#pushed) asm.push(register)
    if (this.#keepsFlags) {
      asm.saveFlags()
      if (this.#pushesFlags) asm.push(RAX)
    }
    asm.moveStack(-this.#frameSize)
  }

  emitRestore({ asm }: Encoder): void {
    asm.moveStack(this.#frameSize)
    if (this.#keepsFlags) {
      if (this.#pushesFlags) asm.pop(RAX)
      asm.restoreFlags()
    }
    for (const register of this.#pushed.toReversed()) asm.pop(register)
    asm.moveStack(this.#skipped)
  }

  #saved(at: number): Memory {
    const fromTop = this.#pushed.length - 1 - at
    return memory(RSP, this.#frameSize + WORD * (fromTop + (this.#pushesFlags ? 1 : 0)))
  }
}
