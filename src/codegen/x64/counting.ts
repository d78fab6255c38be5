import type { Address } from '../../bytes/address.js'
import { type CounterLayout, counterOffset } from '../../store/counter-layout.js'
import type { Assembler } from './assembler.js'
import type { CounterForm, CounterSupport } from './counter-form.js'
import type { HitCode, HitCoder } from './hit-code.js'
import { emitPreserving } from './preserve.js'
import type { TrampolineSite } from './trampolines.js'

/** How the trampolines of an area count. */
export interface Counting {
  readonly form: CounterForm
  readonly layout: CounterLayout
  readonly blocksAddress: Address
}

/** One counter for each site. */
export function countingCode(counting: Counting): HitCoder {
  return (asm) => {
    const { form } = counting
    const support = emitAddressWord(asm, counting)
    const cold: (() => void)[] = []
    const code: HitCode = {
      emitHit(site) {
        emitCount(asm, site, form, support, cold)
        return undefined
      },
      emitCold() {},
      emitRest() {
        for (const emit of cold) emit()
        form.emitSupport(asm, support)
      },
      fixups: [],
    }
    return code
  }
}

function emitAddressWord(asm: Assembler, { layout, blocksAddress }: Counting): CounterSupport {
  const support: CounterSupport = { layout, blocks: { position: undefined }, slow: { position: undefined } }
  asm.bind(support.blocks)
  asm.quad(blocksAddress)
  return support
}

function emitCount(
  asm: Assembler,
  site: TrampolineSite,
  form: CounterForm,
  support: CounterSupport,
  cold: (() => void)[],
): void {
  emitPreserving(asm, site, form.scratchRegisters, ({ scratch, redZone }) => {
    const emit = form.emitIncrement({ asm, support, scratch, redZone, counterOffset: counterOffset(site.index) })
    if (emit !== undefined) cold.push(emit)
  })
}
