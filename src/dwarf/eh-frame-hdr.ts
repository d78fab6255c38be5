import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import { bytesAt, type ElfImage } from '../elf/elf-image.js'
import { PT } from '../elf/program-headers.js'
import { readEncodedPointer } from './encoded-pointer.js'

/** Where PT_GNU_EH_FRAME says that .eh_frame is (LSB Core, ".eh_frame_hdr"). */
export function ehFrameAddressFromHeader(image: ElfImage): number | undefined {
  const segment = image.segments.find((s) => s.type === PT.GNU_EH_FRAME)
  if (segment === undefined) return undefined
  const reader = new ByteReader(bytesAt(image, segment.vaddr, segment.fileSize))
  const version = reader.u8()
  if (version !== 1) throw new MalformedInput(`.eh_frame_hdr has version ${version}`)
  const encoding = reader.u8()
  reader.skip(2)
  return readEncodedPointer(reader, encoding, { readerAddress: segment.vaddr, data: segment.vaddr })
}
