import { type ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import { DW_EH_PE, readEncodedValue } from './encoded-pointer.js'

/** What a common information entry says about the FDEs that refer to it (LSB Core, ".eh_frame"). */
export interface Cie {
  readonly pointerEncoding: number
  /** Encoding of the pointer to the exception table; `OMIT` when the FDEs have none. */
  readonly lsdaEncoding: number
  /** FDEs begin their augmentation data with its length (`z`). */
  readonly hasAugmentationLength: boolean
  /** Frames of signal trampolines (`S`). */
  readonly signalFrame: boolean
}

/** Reads a CIE; the reader stands behind its id field. */
export function readCie(reader: ByteReader): Cie {
  const version = reader.u8()
  if (version !== 1 && version !== 3 && version !== 4) throw new MalformedInput(`CIE version ${version} is unknown`)
  const augmentation = reader.cstring()
  if (version === 4) reader.skip(2)
  if (augmentation === 'eh') reader.skip(8)
  reader.uleb()
  reader.sleb()
  if (version === 1) reader.u8()
  else reader.uleb()
  return readAugmentation(reader, augmentation)
}

function readAugmentation(reader: ByteReader, augmentation: string): Cie {
  let pointerEncoding: number = DW_EH_PE.ABSPTR
  let lsdaEncoding: number = DW_EH_PE.OMIT
  let signalFrame = false
  const hasAugmentationLength = augmentation.startsWith('z')
  if (hasAugmentationLength) reader.uleb()
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
