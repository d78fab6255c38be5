import { address } from '../bytes/address.js'
import type { Memory } from '../target/memory.js'
import { type RegisterName, Registers } from '../target/registers.js'

/** Where the System V ABI passes the first six integer arguments (x86-64, 3.2.3). */
const argumentRegisters = ['rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9'] as const
const LONGEST_STRING = 65536
const CHUNK = 256
const WORD = 8

/** Arithmetic flags and DF: the others are not a program's to set. */
const SETTABLE_FLAGS = 0xcd5n

const settable = [
  ...['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'rip', 'eflags'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
] as const satisfies readonly RegisterName[]

type Settable = (typeof settable)[number]

/** The registers of a held thread. What is set is what it goes on with; of the flags, the arithmetic ones and DF. */
export type HitRegisters = { [name in Settable]: bigint } & {
  readonly [name in Exclude<RegisterName, Settable>]: bigint
}

/** The memory of the target. @throws RangeError where there is none. */
export interface HitMemory {
  read(at: bigint, length: number): Buffer
  /** Up to the first NUL, or `longest` bytes. */
  readCString(at: bigint, longest?: number): string
  write(at: bigint, bytes: Uint8Array): void
}

/** A thread that is held at a probed instruction, which it has not executed yet. */
export interface Hit {
  readonly tid: number
  /** `module:symbol` */
  readonly site: string
  /** The integer arguments, at a function's entry: six from registers, then as many from the stack as are asked for. */
  readonly args: readonly bigint[]
  readonly registers: HitRegisters
  readonly memory: HitMemory
  /** At a function's entry: the function is not executed, and its caller gets this value. */
  return(value: bigint): void
}

/** A hit, and what the handler has made of its registers. */
export class HeldThread implements Hit {
  readonly registers: HitRegisters
  readonly memory: HitMemory
  private readonly original: Registers

  constructor(
    readonly tid: number,
    readonly site: string,
    registers: Uint8Array,
    memory: Memory,
  ) {
    this.original = new Registers(Buffer.from(registers))
    this.registers = this.original.all()
    this.memory = checkedMemory(memory)
  }

  get args(): readonly bigint[] {
    const inRegisters = argumentRegisters.map((name) => this.registers[name])
    const { memory, registers } = this
    return new Proxy(inRegisters, {
      get(target, property, receiver) {
        const index = typeof property === 'string' && /^\d+$/.test(property) ? Number(property) : -1
        if (index < argumentRegisters.length) return Reflect.get(target, property, receiver)
        // Behind the return address.
        return memory
          .read(registers.rsp + BigInt(WORD * (1 + index - argumentRegisters.length)), WORD)
          .readBigUInt64LE()
      },
    })
  }

  return(value: bigint): void {
    const { registers } = this
    registers.rip = this.memory.read(registers.rsp, WORD).readBigUInt64LE()
    registers.rsp += BigInt(WORD)
    registers.rax = value
  }

  /** struct user_regs_struct, with what was set. */
  changed(): Uint8Array {
    const result = this.original.copy()
    for (const name of settable) result.set(name, this.registers[name])
    const kept = this.original.get('eflags') & ~SETTABLE_FLAGS
    result.set('eflags', kept | (this.registers.eflags & SETTABLE_FLAGS))
    return result.bytes
  }

  /** As it was. */
  unchanged(): Uint8Array {
    return this.original.bytes
  }
}

function checkedMemory(memory: Memory): HitMemory {
  const read = (at: bigint, length: number): Buffer => {
    const bytes = memory.tryRead(address(at), length)
    if (bytes.length < length) throw new RangeError(`the target has no ${length} bytes at 0x${at.toString(16)}`)
    return bytes
  }
  return {
    read,
    readCString(at, longest = LONGEST_STRING) {
      const parts: Buffer[] = []
      for (let done = 0; done < longest; done += CHUNK) {
        const part = memory.tryRead(address(at + BigInt(done)), Math.min(CHUNK, longest - done))
        const end = part.indexOf(0)
        parts.push(end < 0 ? part : part.subarray(0, end))
        if (end >= 0) break
        if (part.length < CHUNK) read(at + BigInt(done + part.length), 1)
      }
      return Buffer.concat(parts).subarray(0, longest).toString('utf8')
    },
    write(at, bytes) {
      if (!memory.writeAsThread(address(at), bytes))
        throw new RangeError(`the target has no ${bytes.length} writable bytes at 0x${at.toString(16)}`)
    },
  }
}
