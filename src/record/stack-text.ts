import type { StackMode } from '../ir/value-type.js'
import type { StackFrame } from './data-value.js'

/** A stack as bpftrace writes it: a line for each address, and an empty one before the first. */
export function stackText(frames: readonly StackFrame[], mode: StackMode): string {
  return `\n${frames.map((frame) => `${frameLine(frame, mode)}\n`).join('')}`
}

function frameLine(frame: StackFrame, mode: StackMode): string {
  const address = frame.address.toString(16)
  switch (mode) {
    case 'bpftrace':
      return `        ${frameText(frame)}`
    case 'perf':
      return `\t${address} ${frameText(frame)} (${frame.symbol?.module ?? '[unknown]'})`
    case 'raw':
      return address
  }
}

/** `malloc+18`, or the address where nothing is known about it. */
export function frameText({ address, symbol }: StackFrame): string {
  return symbol === undefined ? `0x${address.toString(16)}` : `${symbol.name}+${symbol.offset}`
}
