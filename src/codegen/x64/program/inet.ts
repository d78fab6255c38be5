import { assert } from '../../../bytes/assert.js'
import type { Expression } from '../../../ir/expression.js'
import { sizeOf } from '../../../ir/layout.js'
import { isScalar } from '../../../ir/value-type.js'
import { placeOf } from './block.js'
import { copyBlock, zeroBlock } from './copy.js'
import type { Emission } from './emission.js'
import { withValue } from './evaluate.js'
import { behind, type Memory } from './operand.js'
import { constantOf } from './simple-operand.js'

const IPV4_BYTES = 4
const IPV6_BYTES = 16
/** Behind the family. */
const ADDRESS = 4

/** A family and an address of it as a block: see ResolvedType. */
export function emitInet(
  emission: Emission,
  { type, arguments: given }: Expression & { op: 'call' },
  to: Memory,
): void {
  const { code } = emission
  const [family, address] = given
  assert(family !== undefined && address !== undefined, 'inet has a family and an address')
  const isIpv4 = constantOf(emission, family) === 4n
  zeroBlock(emission, to, sizeOf(type))
  withValue(emission, family, (number) => code.store(to, number, 1))
  const most = isIpv4 ? IPV4_BYTES : IPV6_BYTES
  if (isScalar(address.type)) {
    const bytes = Math.min(most, sizeOf(address.type))
    withValue(emission, address, (value) => {
      code.store(behind(to, ADDRESS), value, bytes === 8 ? 8 : bytes === 4 ? 4 : bytes === 2 ? 2 : 1)
    })
  } else copyBlock(emission, behind(to, ADDRESS), placeOf(emission, address), Math.min(most, sizeOf(address.type)))
}
