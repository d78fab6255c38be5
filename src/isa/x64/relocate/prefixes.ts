/** The legacy prefixes in front of an instruction (SDM vol. 2, 2.1.1), without REX. */
function legacyPrefixes(bytes: Uint8Array): Uint8Array {
  let length = 0
  while (length < bytes.length && isLegacyPrefix(bytes[length] ?? 0)) length++
  return bytes.subarray(0, length)
}

const legacy: ReadonlySet<number> = new Set([0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x66, 0x67])

function isLegacyPrefix(byte: number): boolean {
  return legacy.has(byte)
}

/** Offset of the opcode's first byte: behind legacy prefixes and REX. */
export function opcodeOffset(bytes: Uint8Array): number {
  const offset = legacyPrefixes(bytes).length
  return ((bytes[offset] ?? 0) & 0xf0) === 0x40 ? offset + 1 : offset
}

/** True for an operand size prefix that REX.W does not override. */
export function hasNarrowOperand(bytes: Uint8Array): boolean {
  const prefixes = legacyPrefixes(bytes)
  const rex = bytes[prefixes.length] ?? 0
  return prefixes.includes(0x66) && (rex & 0xf8) !== 0x48
}
