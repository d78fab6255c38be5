import type { ElfImage } from '../elf/elf-image.js'
import type { ByteRange } from '../isa/code-facts.js'
import type { AddressRanges } from './address-ranges.js'
import type { RelocatedData } from './relocated-data.js'

/** What a module's restartable sequences (rseq(2)) say about its code. */
export interface RestartableSequences {
  /** Code that a thread must not leave, and the signature before each abort handler: `[start0, end0, …]`, sorted. */
  readonly ranges: Float64Array
  /** Where threads go on that were interrupted inside. */
  readonly abortHandlers: readonly number[]
}

/** The four bytes before an abort handler, as glibc registers every thread (RSEQ_SIG, sys/rseq.h, x86). */
const SIGNATURE = 0x53053053
const signature = Buffer.of(0x53, 0x30, 0x05, 0x53)
const SIGNATURE_SIZE = 4
/** struct rseq_cs (include/uapi/linux/rseq.h): version, flags, start_ip, post_commit_offset, abort_ip. */
const RECORD_SIZE = 32
const RECORD_WORDS = 4

interface Sequence {
  readonly start: number
  readonly end: number
  readonly abort: number
}

/**
 * Finds the records that describe restartable sequences: those of the sections that the convention has for them, whatever
 * signature they were made for, and everything in the module that looks like one and whose abort handler carries the
 * usual signature. A record that the program writes when it runs is not found.
 */
export function restartableSequences(
  image: ElfImage,
  text: AddressRanges,
  code: readonly ByteRange[],
  data: RelocatedData,
): RestartableSequences {
  const conventional = conventionalRecords(image, data).flatMap((at) => sequenceIn(data.words(at, RECORD_SIZE), text))
  const signed = code.some(holdsSignature) ? signedSequences([...data.ranges, ...code], text, code) : []
  const found = [...conventional, ...signed]
  return { ranges: rangesOf(found), abortHandlers: found.map(({ abort }) => abort) }
}

function conventionalRecords(image: ElfImage, data: RelocatedData): number[] {
  const sections = (name: string) => image.sections.filter((section) => section.name === name)
  const records = sections('__rseq_cs').flatMap(({ vaddr, size }) =>
    Array.from({ length: Math.floor(size / RECORD_SIZE) }, (_, index) => vaddr + index * RECORD_SIZE),
  )
  return [...records, ...sections('__rseq_cs_ptr_array').flatMap(({ vaddr, size }) => data.words(vaddr, size))]
}

/** One sequence, or none where the words are no record. Version 0 is the only one. */
function sequenceIn(words: readonly number[], text: AddressRanges): Sequence[] {
  const [head = Number.NaN, start = 0, length = 0, abort = 0] = words
  const isRecord = words.length === RECORD_WORDS && head % 2 ** 32 === 0 && length > 0
  if (!isRecord || !text.has(start) || !text.has(abort)) return []
  const end = start + length
  return end <= (text.ends[text.indexOf(start)] ?? 0) ? [{ start, end, abort }] : []
}

/** Modules without the signature, nearly all, are done here. */
function holdsSignature({ bytes }: ByteRange): boolean {
  return asBuffer(bytes).includes(signature)
}

/** Text is searched, too: without section headers, read-only data may be part of it. */
function signedSequences(data: readonly ByteRange[], text: AddressRanges, code: readonly ByteRange[]): Sequence[] {
  return data.flatMap(({ bytes }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const found: Sequence[] = []
    for (let at = 0; at + RECORD_SIZE <= view.byteLength; at += 8) {
      // Version and flags, which have no other value any more.
      if (view.getUint32(at, true) !== 0 || view.getUint32(at + 4, true) !== 0) continue
      const words = Array.from({ length: RECORD_WORDS }, (_, index) => wordAt(view, at + 8 * index))
      found.push(...sequenceIn(words, text).filter(({ abort }) => isSigned(code, abort)))
    }
    return found
  })
}

function wordAt(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
}

function isSigned(code: readonly ByteRange[], abort: number): boolean {
  const range = code.find(({ start, bytes }) => start + SIGNATURE_SIZE <= abort && abort <= start + bytes.length)
  return range !== undefined && asBuffer(range.bytes).readUInt32LE(abort - SIGNATURE_SIZE - range.start) === SIGNATURE
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Sorted and joined where they overlap: records may describe the same code twice. */
function rangesOf(sequences: readonly Sequence[]): Float64Array {
  const bounds: number[] = []
  const kept = sequences.flatMap(({ start, end, abort }) => [
    [start, end] as const,
    [abort - SIGNATURE_SIZE, abort] as const,
  ])
  for (const [start, end] of kept.toSorted(([a], [b]) => a - b)) {
    const last = bounds.at(-1)
    if (last === undefined || start > last) bounds.push(start, end)
    else bounds[bounds.length - 1] = Math.max(last, end)
  }
  return Float64Array.from(bounds)
}
