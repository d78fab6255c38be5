import type { Address } from '../../../src/bytes/address.js'
import { PseudoRandom } from '../../robustness/pseudo-random.js'
import type { InstructionForm } from './instruction-forms.js'
import { type Case, randomCase } from './random-case.js'

/** The cases with these numbers. Each depends on the seed, its number and its address only, so that it can be made again alone. */
export function randomCases(
  forms: readonly InstructionForm[],
  seed: number,
  numbers: { readonly from: number; readonly to: number },
  addressOf: (number: number) => Address,
): Case[] {
  const cases: Case[] = []
  const choices = [forms, forms.filter(isCommon), forms.filter(isMovedInItsOwnWay)]
  for (let number = numbers.from; number < numbers.to; number++) {
    const random = new PseudoRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
    const form = random.pick(random.pick(choices))
    const made = randomCase(form, number, random, addressOf(number))
    if (made !== undefined) cases.push(made)
  }
  return cases
}

/** What programs are made of, and what is emulated. */
function isCommon({ name }: InstructionForm): boolean {
  return /^(Mov|Lea|Push|Pop|Call|J|Loop|Ret|Leave|Add|Sub|And|Or|Xor|Cmp|Test|Inc|Dec|Neg|Not|Set|Cmov|Xchg|Nop|Endbr|C[bwdq][wdqeo])/.test(
    name,
  )
}

/** Branches, and what uses the stack. */
function isMovedInItsOwnWay({ name }: InstructionForm): boolean {
  return /^(Push|Pop|Call_r|J(?!mp_m)|Loop|Retn|Leave|Enter|Syscall)/.test(name)
}
