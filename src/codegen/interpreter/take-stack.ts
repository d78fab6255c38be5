import { assert } from '../../bytes/assert.js'
import { sizeOf } from '../../ir/layout.js'
import type { ValueType } from '../../ir/value-type.js'
import type { HitEnvironment } from './hit-environment.js'

/** The thread's stack as a block of the type. */
export function takeStack(type: ValueType, environment: HitEnvironment): Uint8Array {
  assert(type.kind === 'ustack', 'stacks are taken into locals for them')
  const block = Buffer.alloc(sizeOf(type))
  for (const [at, address] of environment.stack(type.depth).entries()) block.writeBigUInt64LE(address, 8 * at)
  return block
}
