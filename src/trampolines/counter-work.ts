import { type Address, offsetBy } from '../bytes/address.js'
import type { CounterForm } from '../codegen/x64/counter-form.js'
import { countingCode } from '../codegen/x64/counting.js'
import type { HitCoder } from '../codegen/x64/hit-code.js'
import { type CounterLayout, counterLayout, denseLayout, LIVE_OFFSET } from '../store/counter-layout.js'
import type { Backing } from '../target/installation.js'
import type { HitData, HitWork } from './hit-work.js'

/** Counters in a target. */
export interface CounterData extends HitData {
  readonly form: CounterForm
  readonly layout: CounterLayout
}

/** Counting: one counter for each site, in so many blocks. */
export function counterWork(form: CounterForm, blocks: number): HitWork<CounterData> {
  return { bytesAt: () => 0, areaBytes: 0, dataFor: (sites, backing) => counterData(form, blocks, sites, backing) }
}

function counterData(form: CounterForm, blocks: number, served: number, backing: Backing): CounterData {
  const sites = Math.max(1, served)
  const layout = backing === 'mapped' ? counterLayout({ sites, blocks }) : denseLayout(sites)
  const codeAt = (start: Address): HitCoder =>
    countingCode({ form, layout, blocksAddress: offsetBy(start, layout.blocksOffset) })
  return { form, layout, size: layout.size, head: liveWord(), codeAt }
}

function liveWord(): Buffer {
  const head = Buffer.alloc(LIVE_OFFSET + 8)
  head.writeBigUInt64LE(1n, LIVE_OFFSET)
  return head
}
