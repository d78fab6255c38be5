import { ByteReader } from '../bytes/byte-reader.js'

// DWARF 5, section 7.7.1. Registers by their numbers in the System V ABI for x86-64, figure 3.36.
const DW_OP = { DEREF: 0x06, PLUS_UCONST: 0x23, LIT0: 0x30, BREG6: 0x76, BREG7: 0x77 } as const

/** What CFA expressions of compilers, assemblers and linkers say. */
export type CfaExpression =
  /** The word at rbp + offset. */
  | { readonly kind: 'kept-at-frame-pointer'; readonly offset: number }
  /** The word at rsp + offset, plus 8. */
  | { readonly kind: 'kept-at-stack-pointer'; readonly offset: number }
  /** rsp + 8 + (rip & 15 >= pushedFrom ? 8 : 0): ld's description of an entry that pushes a word. */
  | { readonly kind: 'linkage-entry'; readonly pushedFrom: number }

const linkageBegin = [DW_OP.BREG7, 8, 0x80, 0, 0x3f, 0x1a] as const
const linkageEnd = [0x2a, 0x33, 0x24, 0x22] as const
const LINKAGE_LENGTH = linkageBegin.length + 1 + linkageEnd.length

/** `undefined` for all that these are not. */
export function cfaExpression(bytes: Uint8Array): CfaExpression | undefined {
  return linkageEntry(bytes) ?? keptCfa(bytes)
}

function linkageEntry(bytes: Uint8Array): CfaExpression | undefined {
  const isOne =
    bytes.length === LINKAGE_LENGTH &&
    linkageBegin.every((byte, at) => bytes[at] === byte) &&
    linkageEnd.every((byte, at) => bytes[linkageBegin.length + 1 + at] === byte)
  const pushedFrom = (bytes[linkageBegin.length] ?? 0) - DW_OP.LIT0
  return isOne && pushedFrom >= 0 && pushedFrom < 16 ? { kind: 'linkage-entry', pushedFrom } : undefined
}

function keptCfa(bytes: Uint8Array): CfaExpression | undefined {
  const based = basedOn(bytes)
  if (based === undefined || based.reader.remaining === 0 || based.reader.u8() !== DW_OP.DEREF) return undefined
  const { register, offset, reader } = based
  if (register === DW_OP.BREG6 && reader.remaining === 0) return { kind: 'kept-at-frame-pointer', offset }
  const addsWord = reader.remaining === 2 && reader.u8() === DW_OP.PLUS_UCONST && reader.u8() === 8
  return register === DW_OP.BREG7 && addsWord ? { kind: 'kept-at-stack-pointer', offset } : undefined
}

/** Whether an expression is the address in rbp: where functions that align their stack keep the caller's. */
export function isFramePointer(bytes: Uint8Array): boolean {
  const based = basedOn(bytes)
  return based?.register === DW_OP.BREG6 && based.offset === 0 && based.reader.remaining === 0
}

/** The register and the offset that an expression begins with. */
function basedOn(bytes: Uint8Array) {
  const reader = new ByteReader(bytes)
  if (reader.remaining < 2) return undefined
  const register = reader.u8()
  if (register !== DW_OP.BREG6 && register !== DW_OP.BREG7) return undefined
  return { register, offset: reader.sleb(), reader }
}
