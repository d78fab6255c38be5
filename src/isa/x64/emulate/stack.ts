import { type Address, address, offsetBy } from '../../../bytes/address.js'
import type { CpuState, OperandSize } from './cpu-state.js'

/** Where a push of `size` bytes writes. */
export function belowTop(cpu: CpuState, size: OperandSize): Address {
  return offsetBy(address(cpu.get('rsp')), -size)
}

export function top(cpu: CpuState): Address {
  return address(cpu.get('rsp'))
}

/** Writes below the stack pointer, then moves it there. */
export function push(cpu: CpuState, size: OperandSize, value: bigint): void {
  const at = belowTop(cpu, size)
  cpu.write(at, size, value)
  cpu.set('rsp', at)
}

/** True when a write at `written` changes what a repeat would read at `read`: then it could not be repeated. */
export function overlaps(read: Address, written: Address, size: OperandSize): boolean {
  const apart = BigInt.asIntN(64, read - written)
  return apart > -BigInt(size) && apart < BigInt(size)
}

/** User code lives in the lower half; a branch elsewhere faults, and not everywhere at the same instruction. */
export function branchTarget(value: bigint): Address | undefined {
  return value >> 47n === 0n ? address(value) : undefined
}
