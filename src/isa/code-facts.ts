import type { Vaddr } from '../bytes/address.js'

/** A run of bytes of a module at its link-time address. */
export interface ByteRange {
  readonly start: Vaddr
  readonly bytes: Uint8Array
}

/** Bounds of one function: `[start, end)`. `end` leaves out the padding behind it. */
export interface FunctionBounds {
  readonly start: Vaddr
  readonly end: Vaddr
}

/**
 * What is known about a module's code before any of it is decoded: the input of the window proof.
 * Built from ELF, DWARF and symbols; plain data, no I/O.
 */
export interface CodeFacts {
  /** Executable ranges, sorted, not overlapping. One per executable section; per segment where sections are missing. */
  readonly text: readonly ByteRange[]
  /** Readable ranges that are not executable, sorted (.rodata, .data.rel.ro, .data …), for jump tables. Relocated words hold their addend. */
  readonly data: readonly ByteRange[]
  /** Sorted by start, one entry per distinct start, from every symbol table and from FDEs. */
  readonly functions: readonly FunctionBounds[]
  /**
   * Every address in text that some table names, sorted, without duplicates: symbols of all kinds, FDE starts, landing
   * pads, addends of RELATIVE and IRELATIVE relocations, absolute relocations, the entry point, init and fini arrays.
   */
  readonly labels: Float64Array
  /** Ranges covered by an FDE, sorted: `[start0, end0, start1, end1, …]`. Code outside is hand-written or unknown. */
  readonly framed: Float64Array
  /** True when the module follows the System V ABI's red zone (all C, C++, Rust code; false for Go). */
  readonly hasRedZone: boolean
  /**
   * Ranges in which the program's own runtime may suspend a thread's work at any instruction, to go on from there later
   * and on any thread, sorted: `[start0, end0, …]`. Go does: the address is then on a stack that no thread runs on.
   */
  readonly preemptible: Float64Array
  /**
   * Restartable sequences (rseq(2)), sorted: `[start0, end0, …]`. A thread interrupted inside is sent to an abort handler by
   * the kernel, which knows it by its instruction pointer: the code must run where it is. The signature before each abort
   * handler, which the kernel compares, is a range of its own.
   */
  readonly restartable: Float64Array
}

/** `length` bytes at `at`; fewer where the range ends, none where no range holds the address. */
export function bytesAt(ranges: readonly ByteRange[], at: Vaddr, length: number): Uint8Array {
  const range = ranges.find(({ start, bytes }) => start <= at && at < start + bytes.length)
  return range === undefined ? new Uint8Array(0) : range.bytes.subarray(at - range.start, at - range.start + length)
}
