import type { Label } from '../assembler.js'
import { RAX, type Register } from '../assembler.js'
import { clobber, type Emission, newLabel } from './emission.js'

/** Below this nothing is mapped: a null pointer with an offset costs no fault. The kernel's default vm.mmap_min_addr. */
export const LOWEST = 0x10000
/** User space of 4-level paging (Documentation/arch/x86/x86_64/mm.rst). */
export const ADDRESS_BITS = 47

/** Goes to `bad` for an address that cannot be the program's. Changes rax. */
export function checkAddress(emission: Emission, address: Register, bad: Label): void {
  const { code } = emission
  clobber(emission, RAX)
  code.address(RAX, { kind: 'memory', base: address, displacement: -LOWEST })
  code.shift('shr', RAX, ADDRESS_BITS)
  code.jumpIf('ne', bad)
}

/** Emits one instruction that may fault: its thread then goes on at `landing`, with all registers as they were. */
export function emitFaulting({ code, fixups }: Emission, landing: Label, emit: () => void): void {
  const at = newLabel()
  code.bind(at)
  fixups.push({ at, landing })
  emit()
}
