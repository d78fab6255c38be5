import { missingCli } from '../../test/runtime/ring3-cli.js'
import { compiledIn, interleaved } from './interleave.js'
import { countWithRing3 } from './ring3-engagement.js'
import type { Variant } from './variant.js'

/** Calls in a block: some 15 ms. */
const calls = 8_000_000

/** Nothing is switched on: shows the noise that every other row has, too. */
export const unprobed: Variant = interleaved({
  name: 'unprobed',
  what: 'the same call again',
  call: 'plain',
  threads: [1, 2],
  calls,
  repeats: 5,
  copies: 4,
  unavailable: async () => undefined,
  engage: async () => ({ disengage: async () => undefined }),
})

export const compiledCounter: Variant = compiledIn('compiled in', 'a thread-local counter, gcc -O2', 'compiled', calls)

export const ring3Count: Variant = interleaved({
  name: 'ring3 count',
  what: 'a jump and a counter per thread',
  call: 'plain',
  threads: [1, 2],
  calls,
  repeats: 5,
  copies: 4,
  unavailable: async () => missingCli(),
  engage: (target) => countWithRing3(target, 'plain_*', []),
})
