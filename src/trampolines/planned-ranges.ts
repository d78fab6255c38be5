import type { MemoryRange } from '../target/memory.js'
import type { Mapping } from '../target/memory-map.js'
import { withTaken } from '../target/placement.js'
import type { TargetProcess } from '../target/target-process.js'
import type { TrampolinePlan } from './plan-trampolines.js'

/**
 * What plans that are still to be carried out are going to map: several are made before the first is, and what that one needs
 * besides, such as signal handlers, is placed in between.
 */
export class PlannedRanges {
  private readonly ranges = new Set<MemoryRange>()

  /** The target's memory map with those ranges taken. @throws KernelError */
  mapsOf(target: TargetProcess): Mapping[] {
    return [...this.ranges].reduce((maps, { start, size }) => withTaken(maps, start, size), target.maps())
  }

  /** @returns what forgets them: the plan is carried out now, or made anew. */
  keep({ areas, hits }: TrampolinePlan): () => void {
    const code = areas.map(({ address, bytes }) => ({ start: address, size: bytes.length }))
    const all: MemoryRange[] = hits === undefined ? code : [hits.image, ...code]
    for (const range of all) this.ranges.add(range)
    return () => {
      for (const range of all) this.ranges.delete(range)
    }
  }

  /** Plans that were made before are not carried out any more. */
  forgetAll(): void {
    this.ranges.clear()
  }
}
