import type { FrameSymbol } from './data-value.js'

/** Turns numbers of a program into text. What cannot be named is shown as bpftrace shows it. */
export interface ValueNames {
  /** What an address of a stack is in; undefined where that is not known. `isCaller`: it is behind a call. */
  frame(address: bigint, isCaller: boolean): FrameSymbol | undefined
  /** The symbol at an address of the target. */
  symbol(address: bigint): string
  /** The probe that a site’s number stands for. */
  probe(site: bigint): string
  /** The function that a site’s number stands for. */
  function(site: bigint): string
  user(uid: bigint): string
  /** A time of the clock `nsecs`, as strftime(3) would show it. */
  time(format: string, nanoseconds: bigint): string
  /** strerror(3). */
  error(number: bigint): string
}
