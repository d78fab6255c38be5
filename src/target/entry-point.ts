import { type Address, address } from '../bytes/address.js'

const AT_NULL = 0n
const AT_ENTRY = 9n

/** AT_ENTRY of the auxiliary vector (getauxval(3)). */
export function entryPoint(vector: Buffer): Address {
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    const type = vector.readBigUInt64LE(at)
    if (type === AT_ENTRY) return address(vector.readBigUInt64LE(at + 8))
    if (type === AT_NULL) break
  }
  return address(0)
}
