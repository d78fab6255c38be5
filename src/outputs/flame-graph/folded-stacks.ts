import { frameName } from '../../record/call-tree.js'
import type { StackCount } from '../../record/stack-count.js'

/** A line for each stack, outermost frame first: `main;work;malloc 7`, as flamegraph.pl, speedscope and inferno read it. */
export function foldedStacks(stacks: readonly StackCount[]): string {
  const counts = new Map<string, bigint>()
  for (const { frames, count } of stacks) {
    const line = frames
      .toReversed()
      .map((frame) => frameName(frame).replaceAll(';', ':'))
      .join(';')
    counts.set(line, (counts.get(line) ?? 0n) + count)
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([line, count]) => `${line} ${count}\n`)
    .join('')
}
