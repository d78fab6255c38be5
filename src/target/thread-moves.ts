import { type Address, offsetBy } from '../bytes/address.js'
import type { KernelDoor } from '../kernel/door.js'
import type { EditSet } from './edit-set.js'
import { isRestarting } from './interrupted-call.js'
import type { Memory } from './memory.js'
import { savedPointers } from './signal-stacks.js'
import { type StoppedThread, writeRegisters } from './thread.js'

const SYSCALL_LENGTH = 2

/** Where an instruction pointer has to go: an address, or undefined when it may stay. */
type Translate = (rip: Address) => Address | undefined

export interface MovingThreads {
  readonly door: KernelDoor
  readonly memory: Memory
  readonly restorers: readonly Address[]
}

/**
 * Moves every thread that stands inside a window, or will return into one from a signal handler, to the same instruction
 * in the trampoline. The trampolines must be there already.
 * @returns the addresses inside windows that have no counterpart: those windows must not be written.
 */
export function moveIntoTrampolines(
  target: MovingThreads,
  threads: readonly StoppedThread[],
  edits: EditSet,
): Address[] {
  const stuck: Address[] = []
  movePointers(target, threads, (rip) => {
    const to = edits.intoTrampoline(rip)
    if (to === undefined && edits.inWindow(rip)) stuck.push(rip)
    return to
  })
  return stuck
}

/**
 * Moves every thread that stands in a trampoline back to the program's own code, whose bytes must have been restored.
 * @returns how many instruction pointers are still in an area, and must run on before it can be unmapped.
 */
export function moveOutOfTrampolines(target: MovingThreads, threads: readonly StoppedThread[], edits: EditSet): number {
  let inside = 0
  movePointers(target, threads, (rip) => {
    if (!edits.inArea(rip)) return undefined
    const to = edits.outOfTrampoline(rip)
    if (to === undefined) inside++
    return to
  })
  return inside
}

function movePointers(target: MovingThreads, threads: readonly StoppedThread[], translate: Translate): void {
  for (const thread of threads) {
    // The kernel will go back by one `syscall` instruction to run an interrupted call again: that is what must be moved.
    const back = isRestarting(thread.registers) ? SYSCALL_LENGTH : 0
    const to = translate(offsetBy(thread.registers.rip, -back))
    if (to !== undefined) {
      thread.registers.set('rip', offsetBy(to, back))
      writeRegisters(target.door, thread.tid, thread.registers)
    }
    for (const saved of savedPointers(target.memory, thread, target.restorers)) {
      const resumed = translate(saved.rip)
      if (resumed !== undefined) target.memory.write(saved.slot, word(resumed))
    }
  }
}

function word(value: Address): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
