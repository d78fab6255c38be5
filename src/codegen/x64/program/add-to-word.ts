import type { Emission } from './emission.js'
import { evaluate } from './evaluate.js'
import type { MapIncrement } from './map-increment.js'
import type { Memory } from './operand.js'
import { intoLocal } from './set-local.js'

/** Adds to a word that all threads share. The local that it is loaded into gets what was there before. */
export function addToWord(emission: Emission, { load, operation, by }: MapIncrement, word: Memory): void {
  intoLocal(emission, load.local, (register) => {
    evaluate(emission, by, register)
    if (operation === 'subtract') emission.code.negate(register)
    emission.code.exchangeAdd(word, register, true)
  })
}
