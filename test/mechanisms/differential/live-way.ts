import { offsetBy } from '../../../src/bytes/address.js'
import { eflagsOf } from '../../../src/isa/x64/emulate/flags.js'
import { x64 } from '../../../src/isa/x64/x64.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import type { CatchOptions } from '../../../src/session/catch-options.js'
import { STACK } from '../../isa/differential/machine-memory.js'
import type { Case } from '../../isa/differential/random-case.js'
import { singleSite } from '../../isa/differential/single-site.js'
import { mayReadBelowRedZone } from './below-red-zone.js'

/**
 * What is as without a probe in the program's signal handler when the instruction faults. Callee-saved registers, since
 * the landing pad of an exception may read them.
 */
export type AtFault = 'everything' | 'address and callee-saved' | 'callee-saved' | 'nothing'

/** A mechanism and a resume through which instructions of a running process are executed. */
export interface LiveWay {
  readonly name: string
  readonly options: CatchOptions
  atFaults(subject: Case, signal: number): AtFault
  /** Those that may differ. */
  ignoredFlags(subject: Case): bigint
  /** Why a case is none for this way, in a word. */
  unsuited(subject: Case): string | undefined
}

const exact: Pick<LiveWay, 'atFaults' | 'ignoredFlags' | 'unsuited'> = {
  atFaults: () => 'everything',
  ignoredFlags: () => 0n,
  unsuited: () => undefined,
}

/** The trampoline borrows what the instruction is to overwrite, flags that it leaves undefined too, and stack. */
const trampoline: typeof exact = {
  atFaults: (subject) => (isOneInstruction(subject) ? 'callee-saved' : 'nothing'),
  ignoredFlags: undefinedFlags,
  unsuited: (subject) => {
    const rsp = subject.registers[4] ?? 0n
    if (rsp < STACK.at || rsp >= offsetBy(STACK.at, STACK.size)) return 'no-stack'
    return mayReadBelowRedZone(subject) ? 'reads-below-red-zone' : undefined
  },
}

function undefinedFlags(subject: Case): bigint {
  return eflagsOf(subject.undefinedFlags)
}

/** Somewhere near: the copy does not depend on where. */
const DISTANCE = -0x1000_0000

/** Whether the copy is, so that a thread is never amid it. */
function isOneInstruction({ bytes, at }: Case): boolean {
  const code = x64.relocate(singleSite(bytes, at), at, offsetBy(at, DISTANCE))
  return !isRefusal(code) && code.exits.length === 0
}

/** The signals of faults that ring3 takes from the program. */
const taken: ReadonlySet<number> = new Set([5, 7, 11])

function breakpoint(resume: 'inline' | 'out-of-line' | 'boosted' | 'emulated'): LiveWay {
  const ignored = resume === 'emulated' ? { ignoredFlags: undefinedFlags } : {}
  return { ...exact, ...ignored, name: resume, options: { via: 'breakpoint', resume } }
}

/** All there are. `hardware` serves four cases of a batch. */
export const liveWays: readonly LiveWay[] = [
  { ...trampoline, name: 'jump', options: { via: 'jump' } },
  {
    ...trampoline,
    name: 'signal',
    options: { via: 'signal' },
    atFaults: (subject, signal) => {
      const promise = trampoline.atFaults(subject, signal)
      return promise === 'callee-saved' && taken.has(signal) ? 'address and callee-saved' : promise
    },
  },
  breakpoint('inline'),
  breakpoint('out-of-line'),
  breakpoint('boosted'),
  breakpoint('emulated'),
  { ...exact, name: 'hardware', options: { via: 'hardware' } },
]
