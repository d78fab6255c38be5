import { type ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import { DW_EH_PE, readEncodedValue } from './encoded-pointer.js'

/** What a common information entry says about the FDEs that refer to it (LSB Core, ".eh_frame"). */
export interface Cie extends CieAugmentation {
  /** What the deltas of `advance_loc` are multiplied by. */
  readonly codeAlignment: number
  /** What factored offsets are multiplied by: -8 on x86-64. */
  readonly dataAlignment: number
  /** The number that stands for the return address: 16 on x86-64. */
  readonly returnRegister: number
  /** Where the instructions that every FDE begins with are in .eh_frame. */
  readonly instructions: InstructionRange
}

export interface CieAugmentation {
  readonly pointerEncoding: number
  /** Encoding of the pointer to the exception table; `OMIT` when the FDEs have none. */
  readonly lsdaEncoding: number
  /** FDEs begin their augmentation data with its length (`z`). */
  readonly hasAugmentationLength: boolean
  /** Frames of signal trampolines (`S`). */
  readonly signalFrame: boolean
}

/** Call frame instructions: offsets into .eh_frame, half-open. */
export interface InstructionRange {
  readonly start: number
  readonly end: number
}

/** Reads a CIE that ends at offset `end`; the reader stands behind its id field. */
export function readCie(reader: ByteReader, end: number): Cie {
  const version = reader.u8()
  if (version !== 1 && version !== 3 && version !== 4) throw new MalformedInput(`CIE version ${version} is unknown`)
  const augmentation = reader.cstring()
  if (version === 4) reader.skip(2)
  if (augmentation === 'eh') reader.skip(8)
  const codeAlignment = reader.uleb()
  const dataAlignment = reader.sleb()
  const returnRegister = version === 1 ? reader.u8() : reader.uleb()
  const size = augmentation.startsWith('z') ? reader.uleb() : 0
  const start = reader.offset + size
  const known = readAugmentation(reader, augmentation)
  return { ...known, codeAlignment, dataAlignment, returnRegister, instructions: { start, end } }
}

function readAugmentation(reader: ByteReader, augmentation: string): CieAugmentation {
  let pointerEncoding: number = DW_EH_PE.ABSPTR
  let lsdaEncoding: number = DW_EH_PE.OMIT
  let signalFrame = false
  const hasAugmentationLength = augmentation.startsWith('z')
  for (const letter of hasAugmentationLength ? augmentation.slice(1) : '') {
    if (letter === 'R') pointerEncoding = reader.u8()
    else if (letter === 'L') lsdaEncoding = reader.u8()
    else if (letter === 'P') readEncodedValue(reader, reader.u8())
    else if (letter === 'S') signalFrame = true
    // Letters that ring3 does not know may carry data: what follows them cannot be read.
    else break
  }
  return { pointerEncoding, lsdaEncoding, hasAugmentationLength, signalFrame }
}
