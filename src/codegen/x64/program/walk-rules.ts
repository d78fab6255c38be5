import { CFA } from '../../../dwarf/unwind-rule.js'
import { RAX, RBX, RDX, type Register } from '../assembler.js'
import { newLabel } from './emission.js'
import { indexed, memory } from './operand.js'
import { checkWalked, loadOffset, type WalkCode, walk } from './walk-code.js'

const { cfa, key, r10 } = walk

const WORD = 8

/** Rules whose CFA is not relative to rsp: cfaOf of stacks/rule-step. */
export function emitOtherRules(walking: WalkCode): void {
  const { code, labels } = walking
  const { other, miss, withoutRule, signal, end } = labels
  code.bind(other)
  onKind(walking, CFA.fromFramePointer, () => fromRegister(walking, RBX))
  for (const [kind, label] of [
    [CFA.byFramePointer, withoutRule],
    // An entry of the cache that nobody has filled.
    [CFA.unknown, miss],
    [CFA.signalFrame, signal],
  ] as const) {
    code.arithmeticImmediate('cmp', cfa, BigInt(kind), 4)
    code.jumpIf('e', label)
  }
  onKind(walking, CFA.linkageEntry, () => ofLinkageEntry(walking))
  onKind(walking, CFA.keptAtFramePointer, () => kept(walking, RBX, 0))
  onKind(walking, CFA.keptAtStackPointer, () => kept(walking, RDX, WORD))
  onKind(walking, CFA.fromR10, () => fromRegister(walking, r10))
  code.jump(end)
}

function onKind({ code, labels }: WalkCode, kind: number, emit: () => void): void {
  const not = newLabel()
  code.arithmeticImmediate('cmp', cfa, BigInt(kind), 4)
  code.jumpIf('ne', not)
  emit()
  code.jump(labels.cfaIsKnown)
  code.bind(not)
}

function fromRegister({ code, labels: { end } }: WalkCode, base: Register): void {
  loadOffset(code, cfa)
  code.address(cfa, indexed(base, cfa, WORD))
  checkWalked(code, cfa, key, end)
}

function kept(walking: WalkCode, base: Register, added: number): void {
  const { code, labels, faulting } = walking
  const { end } = labels
  fromRegister(walking, base)
  faulting(end, () => code.move(cfa, memory(cfa)))
  if (added !== 0) code.arithmeticImmediate('add', cfa, BigInt(added))
  checkWalked(code, cfa, key, end)
}

/** A call has pushed its return address, and behind some instructions of the entry there is a word more. */
function ofLinkageEntry({ code }: WalkCode): void {
  const asCalled = newLabel()
  loadOffset(code, key)
  code.move(cfa, RAX)
  code.arithmeticImmediate('and', cfa, 15n)
  code.arithmetic('cmp', cfa, key)
  code.address(cfa, memory(RDX, WORD))
  code.jumpIf('l', asCalled)
  code.arithmeticImmediate('add', cfa, BigInt(WORD))
  code.bind(asCalled)
}
