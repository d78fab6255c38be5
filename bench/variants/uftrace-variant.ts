import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findTool, missingTools } from '../../test/programs/build.js'
import { median } from '../../test/robustness/figures.js'
import { CallCostTarget } from '../call-cost-target.js'
import type { Sample, Variant } from './variant.js'

/** A program of its own, compiled for it and started by it, since it cannot attach. */
export const uftraceRecord: Variant = {
  name: 'uftrace record',
  what: 'recompiled with -pg, started under uftrace; entry and exit of the function recorded',
  unavailable: async () => missingTools('uftrace'),
  async sample(): Promise<readonly Sample[]> {
    const folder = await mkdtemp(join(tmpdir(), 'ring3-uftrace-'))
    try {
      const wrapper = [findTool('uftrace') ?? 'uftrace', 'record', '--no-pager', '-d', join(folder, 'data')]
      await using target = await CallCostTarget.start('call-cost-pg', wrapper)
      const block = { calls: 10_000, repeats: 30 }
      const samples: Sample[] = []
      for (const threads of [1, 2]) {
        const bare = median(await target.measure({ ...block, threads, call: 'bare', calls: 200_000 }))
        const recorded = median(await target.measure({ ...block, threads, call: 'instrumented' }))
        samples.push({ threads, addedNs: recorded - bare })
      }
      return samples
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}
