import { type Address, offsetBy } from '../bytes/address.js'
import type { HandlerRow } from '../codegen/x64/program/stack-rows.js'
import type { Trampoline } from '../codegen/x64/trampolines.js'
import { CFA } from '../dwarf/unwind-rule.js'
import type { ProgramCode } from '../probe/program-plan.js'
import { type CodeRange, OF_CALLER } from '../store/stack-tables.js'
import type { AreaCode } from './hit-work.js'

type StackStartAt = ProgramCode['stackStartAt']

/** How stacks are walked through the code of an area, as if there were none. */
export function areaRange({ start, made, windows }: AreaCode, stackStartAt: StackStartAt): CodeRange {
  const displaced = made.trampolines.flatMap((trampoline) => displacedRows(trampoline, windows, stackStartAt))
  const rows = [...made.rows, ...displaced].toSorted((a, b) => a.position - b.position)
  return {
    start,
    end: offsetBy(start, made.code.length),
    bias: start,
    table: {
      base: 0,
      count: rows.length,
      starts: Uint32Array.from(rows, ({ position }) => position),
      rules: Uint32Array.from(rows, ({ rule }) => rule),
    },
    originals: BigUint64Array.from(rows, ({ original }) => original ?? OF_CALLER),
  }
}

/** A displaced instruction is as good as the original, but not in the middle of what stands for it. */
function displacedRows(
  { index, points, end }: Trampoline,
  windows: ReadonlyMap<number, Address>,
  stackStartAt: StackStartAt,
): HandlerRow[] {
  const window = windows.get(index)
  if (window === undefined) return []
  return points.flatMap(({ original: offset, relocated }) => {
    const original = offsetBy(window, offset)
    const rule = stackStartAt(original)?.rule ?? CFA.end
    const amid = { position: relocated + 1, original, rule: CFA.end }
    return [{ position: relocated, original, rule }, ...(relocated + 1 < end ? [amid] : [])]
  })
}
