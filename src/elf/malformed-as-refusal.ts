import { MalformedInput } from '../bytes/byte-reader.js'
import { type Refusal, refuse } from '../refusal/refusal.js'

/** Runs a parser; the one place where its `MalformedInput` becomes a refusal. Anything else is a defect and passes. */
export function malformedAsRefusal<T>(parse: () => T): T | Refusal {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error
    return refuse('malformed-elf', `The ELF file is damaged or cut off: ${error.message}.`)
  }
}
