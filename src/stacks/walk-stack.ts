import { type Address, offsetBy, PAGE_SIZE } from '../bytes/address.js'
import { CFA, kindOf, type UnwindRule, unknownRule } from '../dwarf/unwind-rule.js'
import { ruleAt } from '../dwarf/unwind-table.js'
import type { Frame } from './frame.js'
import { stepByFramePointer } from './frame-pointer-step.js'
import { stepByRule } from './rule-step.js'
import { interruptedFrame, isRestorer } from './signal-frame.js'
import type { StackScene } from './stack-scene.js'

export interface WalkOptions {
  /** How many addresses are wanted at most. */
  readonly limit: number
  /** The thread stands at the beginning of a function. */
  readonly isEntry: boolean
}

/**
 * The addresses where a thread is, and where its callers go on, innermost first: by the tables of its modules, by frame
 * pointers where there are none, through signal handlers. It ends where nothing is known, or nothing can be read.
 */
export function walkStack(start: Frame, scene: StackScene, { limit, isEntry }: WalkOptions): Address[] {
  const addresses: Address[] = []
  let frame: Frame | undefined = scene.settle(start)
  while (frame !== undefined && addresses.length < limit && isCode(frame.pc)) {
    addresses.push(frame.pc)
    frame = callerOf(frame, isEntry && addresses.length === 1, scene)
  }
  return addresses
}

function callerOf(frame: Frame, isEntry: boolean, scene: StackScene): Frame | undefined {
  const rule = ruleFor(frame, scene)
  if (kindOf(rule) === CFA.signalFrame || (rule === unknownRule && isRestorer(frame.pc, scene)))
    return interruptedFrame(frame.sp, scene)
  const caller = rule === unknownRule ? stepByFramePointer(frame, isEntry, scene) : stepByRule(frame, rule, scene)
  // Signal handlers may have a stack of their own; all other callers are further up.
  return caller !== undefined && caller.sp > frame.sp ? caller : undefined
}

/** Behind the last call of a function that does not return, another function may begin. */
function ruleFor({ pc, isInterrupted }: Frame, scene: StackScene): UnwindRule {
  const at = isInterrupted ? pc : offsetBy(pc, -1)
  const unwinding = scene.unwindingAt(at)
  return unwinding === undefined ? unknownRule : ruleAt(unwinding.table, Number(at - unwinding.bias))
}

/** Nothing is mapped in the first pages: a return address of 0 ends the stacks of threads. */
function isCode(pc: Address): boolean {
  return pc >= BigInt(PAGE_SIZE)
}
