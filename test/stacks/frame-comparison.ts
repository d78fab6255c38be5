import type { RecordedStack } from './recorded-stack.js'

export interface FrameComparison {
  readonly frames: number
  readonly equal: number
  /** What differs, as text, a stack each. */
  readonly differences: readonly string[]
}

export const nothingCompared: FrameComparison = { frames: 0, equal: 0, differences: [] }

export function sumOf(a: FrameComparison, b: FrameComparison): FrameComparison {
  return {
    frames: a.frames + b.frames,
    equal: a.equal + b.equal,
    differences: [...a.differences, ...b.differences],
  }
}

interface WalkedStack {
  readonly stack: RecordedStack
  readonly walked: readonly bigint[]
}

/**
 * Frame by frame, from the innermost on. What only one side has differs. From code of no module on, the callers are not
 * compared: gdb knows nothing about what a JIT compiler has made, and guesses that it has no frame pointers.
 */
export function comparison(stacks: readonly WalkedStack[], isInModule: (pc: bigint) => boolean): FrameComparison {
  let [frames, equal] = [0, 0]
  const differences: string[] = []
  for (const { stack, walked: all } of stacks) {
    const expected = untilJit(
      stack.frames.map(({ pc }) => BigInt(pc)),
      isInModule,
    )
    const walked = untilJit(all, isInModule)
    const length = Math.max(expected.length, walked.length)
    const same = expected.filter((pc, at) => pc === walked[at]).length
    frames += length
    equal += same
    if (same < length) differences.push(differenceText({ stack, walked }))
  }
  return { frames, equal, differences }
}

/** Up to the first address that is in no module. */
function untilJit(addresses: readonly bigint[], isInModule: (pc: bigint) => boolean): readonly bigint[] {
  const first = addresses.findIndex((pc) => !isInModule(pc))
  return first < 0 ? addresses : addresses.slice(0, first + 1)
}

function differenceText({ stack: { frames, sp, fp }, walked }: WalkedStack): string {
  const lines = Array.from({ length: Math.max(frames.length, walked.length) }, (_, at) => {
    const [gdb, own] = [frames[at], walked[at]]
    const mark = gdb !== undefined && BigInt(gdb.pc) === own ? ' ' : '!'
    return `${mark} ${hex(gdb && BigInt(gdb.pc))} ${hex(own)} ${gdb?.name ?? ''}`
  })
  return [`sp ${hex(BigInt(sp))} fp ${hex(BigInt(fp))}; gdb, ours:`, ...lines].join('\n')
}

function hex(value: bigint | undefined): string {
  return (value === undefined ? '-' : `0x${value.toString(16)}`).padEnd(16)
}
