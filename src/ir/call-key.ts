import type { Expression } from './expression.js'
import { uint64 } from './value-type.js'

/** Stack pointers are multiples of 8 below 2^47: there is room below and above them. Attach points are fewer than 2^17. */
const POINT_BITS = 14n

/** The number of the attach point. */
export const callPoint: Expression = { op: 'input', type: uint64, input: { kind: 'probe-name' } }

/** Set in what is kept of a call, beside when it began: it has been passed on, and the function that it goes on in has not begun. */
export const ON_ITS_WAY = 1n << 63n

/** By what a call in progress is known, in one word: where on the stack its return address is, and the attach point. */
export const callKey: Expression = {
  op: 'or',
  type: uint64,
  left: {
    op: 'shift-left',
    type: uint64,
    left: { op: 'input', type: uint64, input: { kind: 'register', name: 'sp' } },
    right: { op: 'constant', type: uint64, value: POINT_BITS },
  },
  right: callPoint,
}
