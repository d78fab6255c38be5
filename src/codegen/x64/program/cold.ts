import { offsetBy } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import type { Span } from '../../../ir/statement.js'
import { placeKey, type WarningKind } from '../../../store/warning-places.js'
import type { Label, Register } from '../assembler.js'
import { RAX } from '../assembler.js'
import { type Emission, emitCold, newLabel } from './emission.js'
import { memory } from './operand.js'

/**
 * In cold code: runs `body` with registers pushed, so that the hot code need not save them. Meanwhile no place relative to rsp may be
 * used.
 */
export function borrowing({ code, hit }: Emission, registers: readonly Register[], body: () => void): void {
  code.asm.moveStack(-hit.redZone)
  for (const register of registers) code.asm.push(register)
  body()
  for (const register of registers.toReversed()) code.asm.pop(register)
  code.asm.moveStack(hit.redZone)
}

/** Cold code that counts a warning and then goes to `next`. Returns where to jump for it. */
export function warningCode(emission: Emission, kind: WarningKind, span: Span, next: Label): Label {
  const label = newLabel()
  emitCold(emission, () => {
    emission.code.bind(label)
    countWarning(emission, kind, span)
    emission.code.jump(next)
  })
  return label
}

/** In cold code. */
export function countWarning(emission: Emission, kind: WarningKind, span: Span): void {
  const { layout } = emission.request
  const index = layout.warnings.findIndex((place) => placeKey(place) === placeKey({ kind, span }))
  assert(index >= 0, `the program can warn of ${kind}`)
  countAt(emission, layout.warningsOffset + 8 * index)
}

/** In cold code: one more in a word that all threads share. */
export function countAt(emission: Emission, offset: number): void {
  const { code, request } = emission
  borrowing(emission, [RAX], () => {
    code.moveImmediate(RAX, offsetBy(request.dataAddress, offset))
    code.increment(memory(RAX), true)
  })
}
