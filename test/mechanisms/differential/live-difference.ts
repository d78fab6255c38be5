import { hex } from '../../../src/bytes/address.js'
import type { Case } from '../../isa/differential/random-case.js'
import type { Outcome } from '../../isa/differential/run-record.js'
import { memoryDifference, stateDifference, vectorDifference } from '../../isa/differential/state-difference.js'

const RSP = 4
const SIGTRAP = 5
const RED_ZONE = 128n
/** How far below the red zone a trampoline may write. */
const BORROWED_STACK = 256n

/** The first thing in which a probed run differs from the one without probes, in words. */
export function liveDifference(subject: Case, native: Outcome, probed: Outcome, undefinedFlags = 0n): string | undefined {
  if (native.signal !== probed.signal || native.code !== probed.code) {
    const got = `signal ${probed.signal} (code ${probed.code}, at ${hex(probed.rip)})`
    return `${got}, not ${native.signal} (code ${native.code}, at ${hex(native.rip)})`
  }
  if (native.address !== probed.address) return `si_addr is ${hex(probed.address)}, not ${hex(native.address)}`
  return (
    stateDifference(native, probed, undefinedFlags) ??
    vectorDifference(native, probed) ??
    memoryDifference(native, probed, (at) => isDeadStack(subject, at) || isPushed(subject, native, at))
  )
}

function belowStack({ registers }: Case, at: bigint): bigint {
  return (registers[RSP] ?? 0n) - at
}

function isDeadStack(subject: Case, at: bigint): boolean {
  const below = belowStack(subject, at)
  return below > RED_ZONE && below <= RED_ZONE + BORROWED_STACK
}

/** Where a call has pushed its return address already when its operand faults. */
function isPushed(subject: Case, { signal }: Outcome, at: bigint): boolean {
  const below = belowStack(subject, at)
  return signal !== SIGTRAP && below > 0n && below < 16n
}
