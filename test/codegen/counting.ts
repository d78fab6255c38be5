import { offsetBy } from '../../src/bytes/address.js'
import type { CounterForm } from '../../src/codegen/x64/counter-form.js'
import { countingCode } from '../../src/codegen/x64/counting.js'
import type { DeadState } from '../../src/codegen/x64/preserve.js'
import { emitTrampolines, type TrampolineCode } from '../../src/codegen/x64/trampolines.js'
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
): TrampolineCode {
  const relocate = () => ({ bytes: displaced, points: [{ original: 0, relocated: 0 }], exits: [] })
  const coder = countingCode({ form, layout, blocksAddress: offsetBy(DATA_AT, layout.blocksOffset) })
  return emitTrampolines(CODE_AT, coder, [{ ...state, index, address: CODE_AT, lead: 0, relocate }])
}
