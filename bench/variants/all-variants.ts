import { compiledCounter, ring3Count, unprobed } from './fast-variants.js'
import { bpftraceCount, uprobeOnLea, uprobeOnPush } from './kernel-variants.js'
import { gdbBreakpoint, ltraceCount, straceCount } from './ptrace-variants.js'
import { uftraceRecord } from './uftrace-variant.js'
import type { ScheduledVariant } from './variant.js'

/** In the order of the table. */
export const allVariants: readonly ScheduledVariant[] = [
  { variant: unprobed, every: 1 },
  { variant: compiledCounter, every: 1 },
  { variant: ring3Count, every: 1 },
  { variant: uftraceRecord, every: 4 },
  { variant: uprobeOnPush, every: 2 },
  { variant: uprobeOnLea, every: 2 },
  { variant: bpftraceCount, every: 4 },
  { variant: gdbBreakpoint, every: 5 },
  { variant: ltraceCount, every: 5 },
  { variant: straceCount, every: 5 },
]
