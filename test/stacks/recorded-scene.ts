import { type Address, address } from '../../src/bytes/address.js'
import { unwindTable } from '../../src/dwarf/unwind-table.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import type { StackScene, Unwinding } from '../../src/stacks/stack-scene.js'
import { walkStack } from '../../src/stacks/walk-stack.js'
import { findModules, loadModule } from '../../src/target/module.js'
import { TargetProcess } from '../../src/target/target-process.js'
import type { RecordedStack } from './recorded-stack.js'

const LIMIT = 127

export interface PlacedUnwinding extends Unwinding {
  readonly start: Address
  readonly end: Address
}

/** How stacks are walked through the modules that a process has now. */
export function unwindingsOf(pid: number): readonly PlacedUnwinding[] {
  const target = TargetProcess.open(openRealDoor(), pid)
  if (isRefusal(target)) throw new Error(target.because)
  using opened = target
  return findModules(opened.maps()).flatMap((mapped) => {
    const module = loadModule(opened.door, opened.memory, mapped)
    if (isRefusal(module)) return []
    return [{ start: module.start, end: module.end, bias: module.bias, table: unwindTable(module.image) }]
  })
}

/** The walk over what gdb has written down. */
export function walkRecorded(
  stack: RecordedStack,
  unwindings: readonly PlacedUnwinding[],
  isEntry: boolean,
): Address[] {
  const at = (text: string): Address => address(BigInt(text))
  const frame = { pc: at(stack.pc), sp: at(stack.sp), fp: at(stack.fp), r10: at(stack.r10), isInterrupted: true }
  return walkStack(frame, recordedScene(stack, unwindings), { limit: LIMIT, isEntry })
}

function recordedScene({ memory }: RecordedStack, unwindings: readonly PlacedUnwinding[]): StackScene {
  const ranges = memory.map(({ start, bytes }) => ({ start: BigInt(start), bytes: Buffer.from(bytes, 'base64') }))
  return {
    readWord(at) {
      const range = ranges.find(({ start, bytes }) => start <= at && at + 8n <= start + BigInt(bytes.length))
      return range?.bytes.readBigUInt64LE(Number(at - range.start))
    },
    unwindingAt: (pc) => unwindings.find(({ start, end }) => start <= pc && pc < end),
    settle: (frame) => frame,
  }
}
