import { setTimeout as sleep } from 'node:timers/promises'
import type { CallCostTarget } from '../call-cost-target.js'

/** Together they write 12 MB and more: a buffer of 8 MiB has been gone round. */
const BLOCKS = 4
const CALLS = 100_000
/** The reader takes out what is there. */
const PAUSE_MS = 300

/** Has events of `call` go all round their buffer, so that no page of it is touched for the first time while calls are measured. */
export async function fillBuffers(target: CallCostTarget, call: string): Promise<void> {
  for (let block = 0; block < BLOCKS; block++) {
    await target.measure({ call, threads: 1, calls: CALLS, repeats: 1 })
    await sleep(PAUSE_MS)
  }
}
