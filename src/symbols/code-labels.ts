import { DT } from '../elf/dynamic-section.js'
import type { ElfImage } from '../elf/elf-image.js'
import { SHT } from '../elf/section-headers.js'
import { SHN_UNDEF, STT } from '../elf/symbol-table.js'
import type { AddressRanges } from './address-ranges.js'
import type { LoadedSymbols } from './load-module-symbols.js'
import type { RelocatedData } from './relocated-data.js'
import { sortedDistinct } from './sort-order.js'

/** Every address in text that a table names: the `labels` of `CodeFacts`. `handlers` are those that threads are sent to. */
export function codeLabels(
  image: ElfImage,
  loaded: LoadedSymbols,
  data: RelocatedData,
  handlers: readonly Iterable<number>[],
): Float64Array {
  const labels = new LabelCollector(loaded.text)
  for (const { table } of loaded.tables) {
    for (let i = 0; i < table.count; i++) {
      // The value of a TLS symbol is an offset into the thread's block, not an address.
      if (table.sectionIndex(i) !== SHN_UNDEF && table.type(i) !== STT.TLS) labels.add(table.value(i))
    }
  }
  labels.addAll(loaded.frames.starts)
  for (const addresses of handlers) labels.addAll(addresses)
  labels.addAll(data.targets)
  labels.addAll(initialAddresses(image, data))
  return labels.finish()
}

/** The entry point, DT_INIT, DT_FINI, and what the init and fini arrays call. */
function initialAddresses(image: ElfImage, data: RelocatedData): number[] {
  const { dynamic } = image
  const single = [image.header.entry, dynamic.get(DT.INIT) ?? 0, dynamic.get(DT.FINI) ?? 0]
  return [...single, ...callArrays(image).flatMap(([start, size]) => data.words(start, size))]
}

function callArrays(image: ElfImage): [start: number, size: number][] {
  const tags = [
    [DT.INIT_ARRAY, DT.INIT_ARRAYSZ],
    [DT.FINI_ARRAY, DT.FINI_ARRAYSZ],
    [DT.PREINIT_ARRAY, DT.PREINIT_ARRAYSZ],
  ] as const
  const types: readonly number[] = [SHT.INIT_ARRAY, SHT.FINI_ARRAY, SHT.PREINIT_ARRAY]
  return [
    ...tags.map(([start, size]): [number, number] => [image.dynamic.get(start) ?? 0, image.dynamic.get(size) ?? 0]),
    ...image.sections.filter((s) => types.includes(s.type)).map((s): [number, number] => [s.vaddr, s.size]),
  ]
}

class LabelCollector {
  readonly #text: AddressRanges
  #values = new Float64Array(1 << 12)
  #count = 0

  constructor(text: AddressRanges) {
    this.#text = text
  }

  add(address: number): void {
    if (!this.#text.has(address)) return
    if (this.#count === this.#values.length) this.#grow()
    this.#values[this.#count++] = address
  }

  addAll(addresses: Iterable<number>): void {
    for (const address of addresses) this.add(address)
  }

  finish(): Float64Array {
    return sortedDistinct(this.#values.subarray(0, this.#count))
  }

  #grow(): void {
    const larger = new Float64Array(this.#values.length * 2)
    larger.set(this.#values)
    this.#values = larger
  }
}
