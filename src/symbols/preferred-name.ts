import { STB } from '../elf/symbol-table.js'

/** A name of a function, with what its symbol says of it. */
export interface NameCandidate {
  readonly name: string
  readonly binding: number
  /** False for a version that new programs do not bind. */
  readonly defaultVersion: boolean
  /** A symbol without a type. */
  readonly label: boolean
}

/**
 * Orders names as a user would choose: `malloc` before `__libc_malloc`, `write` before `__write`, a public name before a
 * static one. Negative when `a` is the better name.
 */
export function compareNames(a: NameCandidate, b: NameCandidate): number {
  return (
    Number(a.label) - Number(b.label) ||
    Number(b.defaultVersion) - Number(a.defaultVersion) ||
    leadingUnderscores(a.name) - leadingUnderscores(b.name) ||
    bindingRank(a.binding) - bindingRank(b.binding) ||
    a.name.length - b.name.length ||
    (a.name < b.name ? -1 : Number(a.name > b.name))
  )
}

function leadingUnderscores(name: string): number {
  let count = 0
  while (name.charCodeAt(count) === 0x5f) count++
  return count
}

function bindingRank(binding: number): number {
  if (binding === STB.GLOBAL || binding === STB.GNU_UNIQUE) return 0
  return binding === STB.WEAK ? 1 : 2
}
