import type { InstructionClass, Resume } from '../../isa/instruction-class.js'
import { resumes } from '../../isa/instruction-class.js'
import type { Site } from '../../probe/site.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'

/** As in `--resume`. */
export const resumeChoices = ['auto', ...resumes] as const

export type ResumeChoice = (typeof resumeChoices)[number]

/** The resume that a site gets, or what speaks against the one that is wanted. */
export function chooseResume(choice: ResumeChoice, instruction: InstructionClass, site: Site): Resume | Refusal {
  if (choice !== 'auto') return objection(choice, instruction, site) ?? choice
  // Either needs one trap only, and a jump to the area and back is taken faster than a tracer executes anything.
  const refusal = objection('boosted', instruction, site)
  if (refusal === undefined) return 'boosted'
  return objection('emulated', instruction, site) === undefined ? 'emulated' : refusal
}

function objection(resume: Resume, instruction: InstructionClass, { key }: Site): Refusal | undefined {
  if (resume === 'emulated' && instruction.emulationSharesMemory)
    return refuse('not-emulated', `${key} uses memory that other threads may be using at the same time`)
  if (resume === 'inline' && instruction.kind === 'system call')
    return refuse('not-stepped', `${key} is a system call, which could block while every other thread is held`)
  return instruction.refused[resume]
}
