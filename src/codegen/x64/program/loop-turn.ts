import { assert } from '../../../bytes/assert.js'
import type { Span } from '../../../ir/statement.js'
import { warningCode } from './cold.js'
import type { Emission } from './emission.js'

/** One more turn of any loop of the handler; it ends when there are too many. */
export function emitLoopTurn(emission: Emission, span: Span): void {
  const { code, turns } = emission
  assert(turns !== undefined, 'a handler with loops counts turns')
  code.arithmeticImmediate('sub', turns, 1n)
  code.jumpIf('s', warningCode(emission, 'loop-bound', span, emission.end))
}
