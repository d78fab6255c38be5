import { hex } from '../../../src/bytes/address.js'
import { RF, TF } from '../../../src/isa/x64/emulate/flags.js'
import { registerNames } from '../../../src/isa/x64/registers.js'
import { regionOf, STACK } from './machine-memory.js'
import type { Outcome, ThreadState } from './run-record.js'

/** RF is the processor's own business in a fault; TF that of a traced run. */
const COMPARED_FLAGS = ~(RF | TF)

/** The part of a state that an emulation has too. */
export type Place = Omit<ThreadState, 'stack'>

/** The first thing in which two states differ, in words. */
export function stateDifference(expected: Place, actual: Place, ignoredFlags = 0n): string | undefined {
  if (expected.rip !== actual.rip) return `rip is ${hex(actual.rip)}, not ${hex(expected.rip)}`
  for (const [index, name] of registerNames.entries()) {
    const [wanted = 0n, got = 0n] = [expected.registers[index], actual.registers[index]]
    if (wanted !== got) return `${name} is ${hex(got)}, not ${hex(wanted)}`
  }
  const mask = COMPARED_FLAGS & ~ignoredFlags
  return (expected.flags & mask) === (actual.flags & mask)
    ? undefined
    : `flags are ${hex(actual.flags & mask)}, not ${hex(expected.flags & mask)}`
}

const components = ['x87', 'xmm', 'ymm', 'AVX-512']

export function vectorDifference(expected: Outcome, actual: Outcome): string | undefined {
  const at = expected.vectors.findIndex((digest, index) => digest !== actual.vectors[index])
  return at < 0 ? undefined : `the ${components[at]} state differs`
}

/** Ignores words that `ignored` accepts: dead stack. */
export function memoryDifference(
  expected: Outcome,
  actual: Outcome,
  ignored: (at: bigint) => boolean,
): string | undefined {
  const listed = expected.changeCount === expected.changes.size && actual.changeCount === actual.changes.size
  if (!listed && expected.memory !== actual.memory) return 'memory differs'
  for (const at of new Set([...expected.changes.keys(), ...actual.changes.keys()])) {
    const [wanted, got] = [expected.changes.get(at), actual.changes.get(at)]
    if (wanted !== got && !ignored(at) && (listed || regionOf(at)?.region === STACK))
      return `the word at ${hex(at)} is ${show(got)}, not ${show(wanted)}`
  }
  return undefined
}

function show(word: bigint | undefined): string {
  return word === undefined ? 'unchanged' : hex(word)
}
