import { isRefusal, type Refusal } from '../../refusal/refusal.js'
import type { ServedSite } from '../../trampolines/plan-trampolines.js'
import type { Resume } from './resume/resume.js'

/** As in `--resume`. */
export const resumeChoices = ['auto', 'inline', 'out-of-line', 'boosted', 'emulated'] as const

export type ResumeChoice = (typeof resumeChoices)[number]

/** `auto`: one trap is cheaper than two, and registers are set faster than a jump is taken to the area and back. */
const automatic: readonly ResumeChoice[] = ['emulated', 'boosted']

/** The resume that a site gets, or what speaks against the one that is wanted. */
export function chooseResume(
  resumes: readonly Resume[],
  choice: ResumeChoice,
  served: ServedSite,
): Resume | Refusal {
  const wanted = choice === 'auto' ? automatic : [choice]
  let last: Refusal | undefined
  for (const resume of resumes.filter(({ name }) => wanted.some((each) => each === name))) {
    last = resume.refuses(served)
    if (last === undefined) return resume
  }
  if (last === undefined) throw new RangeError(`there is no resume ${choice}`)
  return last
}
