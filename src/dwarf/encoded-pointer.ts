import type { ByteReader } from '../bytes/byte-reader.js'
import { MalformedInput } from '../bytes/byte-reader.js'

/** Pointer encodings of .eh_frame and of exception tables (LSB Core, "DWARF Exception Header Encoding"). */
export const DW_EH_PE = { ABSPTR: 0x00, PCREL: 0x10, DATAREL: 0x30, FUNCREL: 0x40, INDIRECT: 0x80, OMIT: 0xff } as const

/** What relative encodings are relative to. All link-time addresses. */
export interface PointerBases {
  /** Address of byte 0 of the reader's array, for DW_EH_PE_pcrel. */
  readonly readerAddress: number
  /** Address of .eh_frame_hdr, for DW_EH_PE_datarel. */
  readonly data?: number
  /** Start of the function, for DW_EH_PE_funcrel. */
  readonly function?: number
}

/** Reads a pointer; an indirect one gives the address of the word that holds it. Undefined when it is omitted or zero. */
export function readEncodedPointer(reader: ByteReader, encoding: number, bases: PointerBases): number | undefined {
  if (encoding === DW_EH_PE.OMIT) return undefined
  const place = bases.readerAddress + reader.offset
  const value = readEncodedValue(reader, encoding)
  return value === 0 ? undefined : value + baseOf(encoding, place, bases)
}

/** Reads a value in the format of the encoding's low four bits, relative to nothing. */
export function readEncodedValue(reader: ByteReader, encoding: number): number {
  switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c:
      return reader.i64()
    case 0x01:
      return reader.uleb()
    case 0x02:
      return reader.u16()
    case 0x03:
      return reader.u32()
    case 0x09:
      return reader.sleb()
    case 0x0a:
      return reader.i16()
    case 0x0b:
      return reader.i32()
    default:
      throw new MalformedInput(`pointer encoding ${encoding} at ${reader.offset} is unknown`)
  }
}

function baseOf(encoding: number, place: number, bases: PointerBases): number {
  switch (encoding & 0x70) {
    case DW_EH_PE.ABSPTR:
      return 0
    case DW_EH_PE.PCREL:
      return place
    case DW_EH_PE.DATAREL:
      return required(bases.data, encoding)
    case DW_EH_PE.FUNCREL:
      return required(bases.function, encoding)
    default:
      throw new MalformedInput(`pointer encoding ${encoding} is unknown`)
  }
}

function required(base: number | undefined, encoding: number): number {
  if (base === undefined) throw new MalformedInput(`pointer encoding ${encoding} has no base here`)
  return base
}
