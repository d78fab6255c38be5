import { chooseVirtualSignals, type VirtualSignals } from '../../codegen/x64/signals/virtual-signals.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { TargetProcess } from '../target-process.js'
import { readSignalStates } from './signal-state.js'

/** Signals that the target does not use, to keep its own in. Looks from outside: installing looks again, in the stop. */
export function chooseSignals({ door, pid }: TargetProcess): VirtualSignals | Refusal {
  const states = readSignalStates(door, pid)
  const used = states.reduce((mask, { caught, ignored, pending }) => mask | caught | ignored | pending, 0n)
  const blocked = states.map((state) => state.blocked)
  return (
    chooseVirtualSignals(used, blocked) ??
    refuse('sigtrap-blockable', `process ${pid} uses so many real-time signals that none can stand in for SIGTRAP`)
  )
}
