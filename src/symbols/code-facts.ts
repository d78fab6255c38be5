import { vaddr } from '../bytes/address.js'
import type { FrameTable } from '../dwarf/frame-table.js'
import { type LandingPads, landingPads } from '../dwarf/landing-pads.js'
import { bytesAt, type ElfImage } from '../elf/elf-image.js'
import { malformedAsRefusal } from '../elf/malformed-as-refusal.js'
import { relocations, relrPlaces } from '../elf/relocations.js'
import type { ByteRange, CodeFacts } from '../isa/code-facts.js'
import type { Refusal } from '../refusal/refusal.js'
import type { AddressRanges } from './address-ranges.js'
import { codeLabels } from './code-labels.js'
import { functionBounds } from './function-bounds.js'
import { hasRedZone } from './go-binary.js'
import { preemptibleRanges } from './go-preemption.js'
import type { LoadedSymbols } from './load-module-symbols.js'
import { RelocatedData } from './relocated-data.js'
import { restartableSequences } from './restartable-sequences.js'

/** Everything known about the module's code before it is decoded. `loaded` is of the same image. */
export function codeFacts(image: ElfImage, loaded: LoadedSymbols): CodeFacts | Refusal {
  return malformedAsRefusal(() => {
    const relocated = new RelocatedData(image, relocations(image), relrPlaces(image))
    const pads = landingPads(image, loaded.frames)
    const text = textRanges(image, loaded.text)
    const sequences = restartableSequences(image, loaded.text, text, relocated)
    return {
      text,
      data: relocated.ranges,
      functions: functionBounds(image, loaded),
      labels: codeLabels(image, loaded, relocated, [pads.addresses, sequences.abortHandlers]),
      framed: framedRanges(loaded.frames, pads, loaded.text),
      hasRedZone: hasRedZone(image, loaded.frames),
      preemptible: preemptibleRanges(image, loaded.text),
      restartable: sequences.ranges,
    }
  })
}

function textRanges(image: ElfImage, text: AddressRanges): ByteRange[] {
  return Array.from(text.starts, (start, i) => ({
    start: vaddr(start),
    bytes: bytesAt(image, start, (text.ends[i] ?? 0) - start),
  }))
}

/** Frames with an exception table in a format of its own are left out: what else names addresses there is unknown. */
function framedRanges(frames: FrameTable, pads: LandingPads, text: AddressRanges): Float64Array {
  const unreadable = new Set(pads.unreadable)
  const framed: number[] = []
  let covered = 0
  for (let row = 0; row < frames.count; row++) {
    const start = Math.max(frames.starts[row] ?? 0, covered)
    const end = frames.ends[row] ?? 0
    if (end <= start || unreadable.has(row) || !text.has(start)) continue
    const sectionEnd = text.ends[text.indexOf(start)] ?? start
    covered = Math.min(end, sectionEnd)
    framed.push(start, covered)
  }
  return Float64Array.from(framed)
}
