import { assert } from '../../../bytes/assert.js'
import { CFA, FRAME_POINTER, kindOf, offsetOf, unwindRule } from '../../../dwarf/unwind-rule.js'
import { mentions } from '../../../ir/walk-expression.js'
import { operandsOf, statementsIn } from '../../../ir/walk-statement.js'
import { RAX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { borrowing } from './cold.js'
import { clobber, type Emission, type HandlerRequest, newLabel } from './emission.js'
import { NotGenerated } from './not-generated.js'
import { behind, memory } from './operand.js'
import { placeOfLocal, typeOfLocal } from './set-local.js'
import { walkRoutine } from './walk-routine.js'

const RBP = 5
const R10 = 10
const WORD = 8

/** The registers of the hit that a stack is taken with, but for rsp. */
export function registersOfStack({ stackStart }: Pick<HandlerRequest, 'stackStart'>): readonly Register[] {
  return stackStart !== undefined && kindOf(stackStart.rule) === CFA.fromR10 ? [RBP, R10] : [RBP]
}

/** The addresses of the thread's stack, into the local. */
export function emitTakeStack(emission: Emission, local: number): void {
  const { code, hit, request } = emission
  const type = typeOfLocal(emission, local)
  const place = placeOfLocal(emission, local)
  assert(type.kind === 'ustack' && typeof place !== 'number', 'stacks are taken into locals for them')
  if (request.stackStart === undefined) throw new NotGenerated('ustack')
  const { pc, rule } = request.stackStart
  clobber(emission, RAX, RCX, RDX, RDI, RSI)
  code.moveImmediate(RAX, pc)
  code.move(place, RAX)
  if (type.depth === 1) return
  if (kindOf(rule) === CFA.fromR10) {
    // The CFA is one word above what rsp was at the entry.
    code.move(RDX, hit.register(R10))
    code.address(RDX, memory(RDX, WORD * (offsetOf(rule) - 1)))
    code.moveImmediate(RCX, BigInt(unwindRule(CFA.fromStackPointer, FRAME_POINTER.unchanged, 1)))
  } else {
    code.address(RDX, hit.stackPointer)
    code.moveImmediate(RCX, BigInt(rule))
  }
  code.move(RAX, hit.register(RBP))
  code.address(RDI, behind(place, WORD))
  code.address(RSI, behind(place, WORD * type.depth))
  borrowing(emission, [], () => code.call(walkRoutine(emission.support, request.dataAddress)))
  if (!isKeyOnly(emission, local)) zeroRest(emission)
}

/** Where the local is looked up by, nobody looks behind its first word of zero. */
function isKeyOnly({ request: { handler, layout } }: Emission, local: number): boolean {
  for (const statement of statementsIn(handler.body)) {
    const key = 'key' in statement ? statement.key : undefined
    const table = 'map' in statement ? layout.maps[statement.map] : undefined
    const isKey = key?.op === 'local' && table?.kind === 'table' && table.keyEndsAtZero
    const others = operandsOf(statement).filter((operand) => operand !== key || !isKey)
    if (others.some((operand) => mentions(operand, local))) return false
  }
  return true
}

/** From rdi up to rsi. */
function zeroRest({ code }: Emission): void {
  const [again, done] = [newLabel(), newLabel()]
  code.moveImmediate(RAX, 0n)
  code.bind(again)
  code.arithmetic('cmp', RDI, RSI)
  code.jumpIf('e', done)
  code.move(memory(RDI), RAX)
  code.arithmeticImmediate('add', RDI, BigInt(WORD))
  code.jump(again)
  code.bind(done)
}
