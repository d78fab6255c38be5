import { missingCli } from '../../test/runtime/ring3-cli.js'
import { unprobed } from './fast-variants.js'
import { interleaved } from './interleave.js'
import { uprobeOnLea, uprobeOnPush } from './kernel-variants.js'
import { gdbBreakpoint, ltraceCount } from './ptrace-variants.js'
import { countWithRing3 } from './ring3-engagement.js'
import type { ScheduledVariant, Variant } from './variant.js'

/** Calls in a block, by what a hit roughly costs: some ten milliseconds and more. */
const callsAt = { nanoseconds: 8_000_000, microseconds: 20_000, 'tens of microseconds': 3000 } as const

function ring3(name: string, what: string, cost: keyof typeof callsAt, args: readonly string[]): Variant {
  const isFast = cost === 'nanoseconds'
  return interleaved({
    name,
    what,
    call: 'plain',
    threads: [1],
    calls: callsAt[cost],
    repeats: isFast ? 5 : 3,
    copies: isFast ? 4 : 1,
    unavailable: async () => missingCli(),
    engage: (target) => countWithRing3(target, isFast ? 'plain_*' : 'plain_0', args),
  })
}

const resumes = {
  'out-of-line': 'the displaced instruction is stepped through in a slot',
  boosted: 'its copy leads back',
  emulated: 'the tracer executes it',
  inline: 'it is stepped through in place',
} as const

function breakpoints(suffix: string, more: readonly string[]): readonly Variant[] {
  return Object.entries(resumes).map(([resume, what]) => {
    const args = ['--via', 'breakpoint', '--resume', resume, ...more]
    return ring3(`breakpoint, ${resume}${suffix}`, what, 'tens of microseconds', args)
  })
}

/** One function, counted by every mechanism and by the tools that users have, in the order of the table. */
export const mechanismVariants: readonly ScheduledVariant[] = [
  unprobed,
  ring3('jump', 'a jump and a counter per thread', 'nanoseconds', ['--via', 'jump']),
  uprobeOnPush,
  uprobeOnLea,
  ring3('signal', 'int3, taken by a handler in the process', 'microseconds', ['--via', 'signal']),
  ...breakpoints('', []),
  ...breakpoints(', not following', ['--no-follow']),
  ring3('hardware', 'a debug register', 'tens of microseconds', ['--via', 'hardware']),
  gdbBreakpoint,
  ltraceCount,
].map((variant) => ({ variant, every: 1 }))
