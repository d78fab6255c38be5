import { type Address, address } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import type { HitEnvironment } from '../codegen/interpreter/hit-environment.js'
import type { Value } from '../codegen/interpreter/value.js'
import type { Input } from '../ir/expression.js'
import { walkStack } from '../stacks/walk-stack.js'
import type { Memory } from '../target/memory.js'
import { readProcessorOf } from '../target/process-state.js'
import { isRegisterName, type RegisterName, type Registers } from '../target/registers.js'
import type { AttachPoint } from './attach-point.js'
import { readComm } from './credentials.js'
import { knownInput } from './known-input.js'
import type { RunHost } from './run-host.js'
import { sampleOf, takeSample } from './sample.js'
import { threadScene } from './thread-scene.js'

/** A thread that stands at a probe. */
export interface ThreadAtProbe {
  readonly pid: number
  readonly tid: number
  readonly registers: Registers
  readonly memory: Memory
  readonly point: AttachPoint
  /** The number by which the program knows the point. */
  readonly pointNumber: number
  /** When it was there (CLOCK_MONOTONIC), if it has gone on. */
  readonly atNs: bigint | undefined
}

/** Where the System V ABI passes the first six integer arguments (x86-64, 3.2.3). */
const argumentRegisters = ['rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9'] as const

/** The hit of a thread, as the interpreter asks about it. */
export function threadEnvironment(host: RunHost, thread: ThreadAtProbe): HitEnvironment {
  const { pid, tid, memory, atNs } = thread
  const { door, startedNs } = host
  return {
    input: (input) => inputOf(host, thread, input),
    sample: (source) =>
      atNs === undefined
        ? takeSample(source, door, startedNs, () => readProcessorOf(door, pid, tid))
        : sampleOf(atNs, source, host),
    readMemory: (from, length) => memory.tryRead(from, length),
    stack: (limit) => stackOf(host, thread, limit),
  }
}

function stackOf({ code }: RunHost, { registers, memory, point }: ThreadAtProbe, limit: number): Address[] {
  const at = (name: RegisterName): Address => address(registers.get(name))
  const frame = { pc: at('rip'), sp: at('rsp'), fp: at('rbp'), r10: at('r10'), isInterrupted: true }
  return walkStack(frame, threadScene(memory, code), { limit, isEntry: point.isEntry })
}

function inputOf(host: RunHost, thread: ThreadAtProbe, input: Input): Value {
  const { pid, tid, registers } = thread
  const task = `/proc/${pid}/task/${tid}`
  switch (input.kind) {
    case 'argument':
      return argumentOf(registers, input.index)
    case 'register':
      return registers.get(registerNamed(input.name))
    case 'return-value':
      return registers.get('rax')
    case 'tid':
      return BigInt(tid)
    case 'comm':
      return readComm(host.door, task)
    default:
      return known(knownInput(host, { ...thread, task }, input), input)
  }
}

function known(value: bigint | undefined, { kind }: Input): bigint {
  assert(value !== undefined, `${kind} is known`)
  return value
}

function argumentOf(registers: Registers, index: number): bigint {
  const name = argumentRegisters[index]
  assert(name !== undefined, 'arguments on the stack are read by the program')
  return registers.get(name)
}

/** The kernel's names in struct pt_regs, in those of struct user_regs_struct. */
function registerNamed(name: string): RegisterName {
  if (name === 'flags') return 'eflags'
  const found = [name, `r${name}`].find(isRegisterName)
  assert(found !== undefined && isRegisterName(found), `${name} is a register`)
  return found
}
