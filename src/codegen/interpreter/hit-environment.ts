import type { Address } from '../../bytes/address.js'
import type { Input } from '../../ir/expression.js'
import type { Sample } from '../../ir/statement.js'
import type { Value } from './value.js'

/** What a handler can ask about the hit that it runs for. */
export interface HitEnvironment {
  /** Integers, or the block of a string. */
  input(input: Input): Value
  sample(source: Sample): bigint
  /** Bytes of the target; as many as could be read before the first bad address, so fewer than asked for where there is one. */
  readMemory(address: Address, length: number): Uint8Array
  /** The addresses of the thread's stack, innermost first, at most so many. */
  stack(limit: number): readonly Address[]
}
