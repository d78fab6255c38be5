import { bitOf } from '../../codegen/x64/signals/virtual-signals.js'

/** The numbers of the signals in a mask. */
export function signalsIn(mask: bigint): number[] {
  return Array.from({ length: 64 }, (_, index) => index + 1).filter((signal) => (mask & bitOf(signal)) !== 0n)
}
