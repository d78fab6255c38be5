import { PseudoRandom } from '../../robustness/pseudo-random.js'
import type { InstructionForm } from './instruction-forms.js'
import { CODE_AT } from './machine-memory.js'
import type { NativeRunner } from './native-runner.js'
import { type Case, randomCase } from './random-case.js'
import { nativeRun } from './way.js'

const PROBES = 10
const BATCH = 1000
const SIGILL = 4

/** Forms of which not every example is an illegal instruction: asked of the processor. */
export function supportedForms(
  runner: NativeRunner,
  forms: readonly InstructionForm[],
  seed: number,
): InstructionForm[] {
  const examples = forms.flatMap((form, index) => examplesOf(form, index, seed))
  const supported = new Set<InstructionForm>()
  for (let from = 0; from < examples.length; from += BATCH) {
    const batch = examples.slice(from, from + BATCH)
    runner.execute(batch.map(nativeRun)).forEach((outcome, index) => {
      const form = batch[index]?.form
      if (form !== undefined && !('killedBy' in outcome) && outcome.signal !== SIGILL) supported.add(form)
    })
  }
  return forms.filter((form) => supported.has(form))
}

function examplesOf(form: InstructionForm, index: number, seed: number): Case[] {
  const examples: Case[] = []
  for (let example = 0; example < PROBES; example++) {
    const made = randomCase(form, index, new PseudoRandom(seed * 31 + index * PROBES + example), CODE_AT)
    if (made !== undefined) examples.push(made)
  }
  return examples
}
