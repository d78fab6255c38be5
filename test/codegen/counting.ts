import { offsetBy } from '../../src/bytes/address.js'
import type { CounterForm } from '../../src/codegen/x64/counter-form.js'
import { type CountingCode, emitCountingCode } from '../../src/codegen/x64/counting-code.js'
import type { DeadState } from '../../src/codegen/x64/preserve.js'
import type { CounterLayout } from '../../src/store/counter-layout.js'
import { CODE_AT, DATA_AT } from './code-runner.js'

export const INT3 = Uint8Array.of(0xcc)
export const RET = Uint8Array.of(0xc3)

/** Nothing may be lost: the hardest case. */
export const allLive: DeadState = { flagsDead: false, deadRegisters: [], redZone: 128 }

/** Counting code with one site, whose displaced instructions are `displaced`. */
export function countOneSite(
  form: CounterForm,
  layout: CounterLayout,
  index: number,
  state: DeadState = allLive,
  displaced: Uint8Array = INT3,
): CountingCode {
  const relocate = () => ({ bytes: displaced, points: [{ original: 0, relocated: 0 }], exits: [] })
  return emitCountingCode(CODE_AT, offsetBy(DATA_AT, layout.blocksOffset), layout, form, [
    { ...state, index, relocate },
  ])
}
