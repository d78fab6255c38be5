import { type ResumeChoice, resumeChoices } from '../mechanisms/breakpoint/choose-resume.js'

/** What users choose between: `auto`, or one mechanism for everything. */
export const viaChoices = ['auto', 'jump', 'signal', 'breakpoint', 'hardware'] as const

export type Via = (typeof viaChoices)[number]

export { type ResumeChoice, resumeChoices }

/** How threads are to be caught. */
export interface CatchOptions {
  readonly via?: Via
  /** How `breakpoint` executes the instruction that it has displaced. */
  readonly resume?: ResumeChoice
  /** Places of each area for copies that are stepped through, one thread at a time. */
  readonly slots?: number
  /** Whether the tracer of `breakpoint` goes to the processor of a thread that hits all the time. On by default. */
  readonly follow?: boolean
}

const SLOTS = 16

/** These options alone, out of a larger object. */
export function catching(options: CatchOptions): Required<CatchOptions> {
  const { via = 'auto', resume = 'auto', slots = SLOTS, follow = true } = options
  return { via, resume, slots, follow }
}
