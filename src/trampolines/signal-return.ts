import type { CodeFacts } from '../isa/code-facts.js'
import type { WindowLength } from '../isa/site-analysis.js'
import type { Site } from '../probe/site.js'
import { type Refusal, refuse } from '../refusal/refusal.js'

/** `mov $15, %rax; syscall` (glibc) and `mov $15, %eax; syscall` (musl, Go): rt_sigreturn. */
const signalReturns = ['48c7c00f0000000f05', 'b80f0000000f05'].map((hex) => Buffer.from(hex, 'hex'))

/** Why a jump must not overwrite any byte of a return from signal handlers: by those bytes signal frames are told. */
export function signalReturn(
  { text }: Pick<CodeFacts, 'text'>,
  { vaddr, key }: Pick<Site, 'vaddr' | 'key'>,
  windowLength: WindowLength,
): Refusal | undefined {
  const range = text.find(({ start, bytes }) => vaddr >= start && vaddr < start + bytes.length)
  if (range === undefined) return undefined
  const offset = vaddr - range.start
  const overlaps = signalReturns.some((pattern) => {
    const beyond = pattern.length - 1
    const around = range.bytes.subarray(Math.max(0, offset - beyond), offset + windowLength + beyond)
    return Buffer.from(around).includes(pattern)
  })
  return overlaps
    ? refuse('signal-return', `${key} is where signal handlers return, which is known by its bytes`)
    : undefined
}
