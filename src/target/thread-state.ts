import { type Address, address, offsetBy } from '../bytes/address.js'
import type { KernelDoor } from '../kernel/door.js'
import { isRestarting } from './interrupted-call.js'
import type { Memory } from './memory.js'
import type { RegisterName } from './registers.js'
import { GREGS_SIZE, gregsOffset } from './signal-frame.js'
import type { SavedFrame } from './signal-stacks.js'
import { type StoppedThread, writeRegisters } from './thread.js'

/** A place where a thread's registers are: in the thread itself, or in a signal frame that it will return through. */
export interface ThreadState {
  readonly tid: number
  get(name: RegisterName): bigint
  set(name: RegisterName, value: bigint): void
  /** Where the thread will go on: the system call itself, if the kernel is going to run that again. */
  readonly resumesAt: Address
  moveTo(rip: Address): void
  /** Writes back what was set. @throws KernelError */
  commit(): void
}

/** Length of `syscall`: how far the kernel goes back to run an interrupted call again. */
const SYSCALL_LENGTH = 2

export function stateOfThread(door: KernelDoor, { tid, registers }: StoppedThread): ThreadState {
  const back = isRestarting(registers) ? SYSCALL_LENGTH : 0
  return {
    tid,
    get: (name) => registers.get(name),
    set: (name, value) => registers.set(name, value),
    resumesAt: offsetBy(registers.rip, -back),
    moveTo: (rip) => registers.set('rip', offsetBy(rip, back)),
    commit: () => writeRegisters(door, tid, registers),
  }
}

export function stateInFrame(memory: Memory, frame: SavedFrame): ThreadState {
  const gregs = memory.read(frame.gregs, GREGS_SIZE)
  const get = (name: RegisterName): bigint => gregs.readBigUInt64LE(gregsOffset(name))
  const set = (name: RegisterName, value: bigint): void => {
    gregs.writeBigUInt64LE(BigInt.asUintN(64, value), gregsOffset(name))
  }
  return {
    tid: frame.tid,
    get,
    set,
    resumesAt: address(get('rip')),
    moveTo: (rip) => set('rip', rip),
    commit: () => memory.write(frame.gregs, gregs),
  }
}
