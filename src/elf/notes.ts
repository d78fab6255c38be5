import { ByteReader } from '../bytes/byte-reader.js'
import { PT, type Segment } from './program-headers.js'
import type { Section } from './section-headers.js'
import { SHT } from './section-headers.js'

/** One note (gABI chapter 5, "Note Section"). */
export interface Note {
  /** `GNU`, `Go`, `stapsdt` … */
  readonly owner: string
  readonly type: number
  readonly description: Uint8Array
}

export const NT_GNU_BUILD_ID = 3
/** Go's own build id, owner `Go`. */
export const NT_GO_BUILD_ID = 4

const MAX_NOTES = 1 << 16
const HEADER_SIZE = 12

/** Notes of all PT_NOTE segments, else of the SHT_NOTE sections; the well-formed ones before the first bad one of each. */
export function parseNotes(bytes: Uint8Array, segments: readonly Segment[], sections: readonly Section[]): Note[] {
  const ranges = segments.filter((s) => s.type === PT.NOTE).map((s) => [s.fileOffset, s.fileSize] as const)
  const fromSections = sections
    .filter((s) => s.type === SHT.NOTE && s.allocated)
    .map((s) => [s.fileOffset, s.size] as const)
  const notes: Note[] = []
  for (const [offset, size] of ranges.length > 0 ? ranges : fromSections) {
    const end = Math.min(offset + size, bytes.length)
    if (offset < end) readNotes(new ByteReader(bytes, offset, end), notes)
  }
  return notes
}

function readNotes(reader: ByteReader, notes: Note[]): void {
  while (reader.remaining >= HEADER_SIZE && notes.length < MAX_NOTES) {
    const ownerSize = reader.u32()
    const descriptionSize = reader.u32()
    const type = reader.u32()
    const padded = align4(ownerSize) + align4(descriptionSize)
    if (padded > reader.remaining + 3) return
    const owner = reader.slice(ownerSize)
    reader.skip(Math.min(align4(ownerSize) - ownerSize, reader.remaining))
    if (descriptionSize > reader.remaining) return
    const description = reader.slice(descriptionSize)
    reader.skip(Math.min(align4(descriptionSize) - descriptionSize, reader.remaining))
    notes.push({ owner: Buffer.from(owner).toString('latin1').replace(/\0.*$/s, ''), type, description })
  }
}

function align4(size: number): number {
  return Math.ceil(size / 4) * 4
}

export function buildIdOf(notes: readonly Note[]): string | undefined {
  const note = notes.find((n) => n.owner === 'GNU' && n.type === NT_GNU_BUILD_ID)
  return note && Buffer.from(note.description).toString('hex')
}
