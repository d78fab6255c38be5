/** An address in a target's address space: 64 bits, never a plain number. */
export type Address = bigint & { readonly __brand: 'Address' }

/** A link-time virtual address inside one module (ELF `p_vaddr`, `st_value`). Always a safe integer. */
export type Vaddr = number & { readonly __brand: 'Vaddr' }

/** An offset in a module's file. Always a safe integer. */
export type FileOffset = number & { readonly __brand: 'FileOffset' }

export const PAGE_SIZE = 4096

/** Reads a 64-bit value as an address; the value wraps modulo 2^64, as it does in a register. */
export function address(value: bigint | number): Address {
  return BigInt.asUintN(64, BigInt(value)) as Address
}

/** `base + delta`, modulo 2^64. */
export function offsetBy(base: Address, delta: bigint | number): Address {
  return address(base + BigInt(delta))
}

/** The signed distance `to - from` in bytes. */
export function distance(from: Address, to: Address): bigint {
  return to - from
}

export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`
}

export function pageOf(value: Address): Address {
  return (value & ~BigInt(PAGE_SIZE - 1)) as Address
}

/** Brands a link-time address. The caller has checked that it is a safe integer. */
export function vaddr(value: number): Vaddr {
  return value as Vaddr
}

export function fileOffset(value: number): FileOffset {
  return value as FileOffset
}
