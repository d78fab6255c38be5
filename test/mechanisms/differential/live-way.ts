import type { CatchOptions } from '../../../src/session/mechanisms.js'

/** A mechanism and a resume through which instructions of a running process are executed. */
export interface LiveWay {
  readonly name: string
  readonly options: CatchOptions
}

function breakpoint(resume: 'inline' | 'out-of-line' | 'boosted' | 'emulated'): LiveWay {
  return { name: resume, options: { via: 'breakpoint', resume } }
}

/** All there are. `hardware` serves four cases of a batch. */
export const liveWays: readonly LiveWay[] = [
  { name: 'jump', options: { via: 'jump' } },
  { name: 'signal', options: { via: 'signal' } },
  breakpoint('inline'),
  breakpoint('out-of-line'),
  breakpoint('boosted'),
  breakpoint('emulated'),
  { name: 'hardware', options: { via: 'hardware' } },
]
