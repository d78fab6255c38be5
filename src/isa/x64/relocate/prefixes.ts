const legacy: ReadonlySet<number> = new Set([0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x66, 0x67])

function isRex(byte: number): boolean {
  return (byte & 0xf0) === 0x40
}

/** Offset of the opcode's first byte: behind legacy prefixes and REX, which may stand in any order (SDM vol. 2, 2.1.1 and 2.2.1). */
export function opcodeOffset(bytes: Uint8Array): number {
  let offset = 0
  while (legacy.has(bytes[offset] ?? 0) || isRex(bytes[offset] ?? 0)) offset++
  return offset
}

/** Offset of REX, or undefined: only right before the opcode is it one, elsewhere it is ignored. */
export function rexOffset(bytes: Uint8Array): number | undefined {
  const last = opcodeOffset(bytes) - 1
  return isRex(bytes[last] ?? 0) ? last : undefined
}

/** True for an operand size prefix that REX.W does not override. */
export function hasNarrowOperand(bytes: Uint8Array): boolean {
  const rex = rexOffset(bytes)
  const wide = rex !== undefined && ((bytes[rex] ?? 0) & 8) !== 0
  return !wide && bytes.subarray(0, opcodeOffset(bytes)).includes(0x66)
}
