import { arithmetic } from './arithmetic.js'
import { call } from './call.js'
import { conditionalJump } from './conditional-jump.js'
import { conditionalMove } from './conditional-move.js'
import { counterJump } from './counter-jump.js'
import type { EmulationCase } from './emulation-case.js'
import { exchange } from './exchange.js'
import { extend } from './extend.js'
import { jump } from './jump.js'
import { leave } from './leave.js'
import { loadAddress } from './load-address.js'
import { move } from './move.js'
import { nearReturn } from './near-return.js'
import { noOperation } from './no-operation.js'
import { pop } from './pop.js'
import { popFlags } from './pop-flags.js'
import { push } from './push.js'
import { pushFlags } from './push-flags.js'
import { setCondition } from './set-condition.js'
import { unary } from './unary.js'
import { widen } from './widen.js'

/** No two apply to the same instruction. */
export const emulationCases: readonly EmulationCase[] = [
  noOperation,
  push,
  pop,
  pushFlags,
  popFlags,
  move,
  loadAddress,
  extend,
  widen,
  call,
  jump,
  conditionalJump,
  counterJump,
  nearReturn,
  leave,
  arithmetic,
  unary,
  setCondition,
  conditionalMove,
  exchange,
]
