import { ConditionCode, type Instruction } from '../iced.js'
import type { CpuState } from './cpu-state.js'
import { CF, OF, PF, SF, ZF } from './flags.js'

export type Condition = (eflags: bigint) => boolean

const carries: Condition = (flags) => (flags & CF) !== 0n
const isZero: Condition = (flags) => (flags & ZF) !== 0n
const isLess: Condition = (flags) => ((flags & SF) !== 0n) !== ((flags & OF) !== 0n)

/** The eight conditions whose negations make sixteen, in the order of the encoding (SDM vol. 2, B.1.4.7). */
const conditions: readonly Condition[] = [
  (flags) => (flags & OF) !== 0n,
  carries,
  isZero,
  (flags) => carries(flags) || isZero(flags),
  (flags) => (flags & SF) !== 0n,
  (flags) => (flags & PF) !== 0n,
  isLess,
  (flags) => isLess(flags) || isZero(flags),
]

/** The condition of jcc, setcc, cmovcc, loope and loopne; iced numbers them in the order of the encoding, from 1 on. */
export function conditionOf({ conditionCode }: Instruction): ((cpu: CpuState) => boolean) | undefined {
  const number = conditionCode - ConditionCode.o
  const condition = conditions[number >> 1]
  if (condition === undefined) return undefined
  return (number & 1) === 0 ? ({ eflags }) => condition(eflags) : ({ eflags }) => !condition(eflags)
}
