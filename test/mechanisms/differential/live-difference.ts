import { hex } from '../../../src/bytes/address.js'
import { registerNames } from '../../../src/isa/x64/registers.js'
import type { Case } from '../../isa/differential/random-case.js'
import type { Outcome } from '../../isa/differential/run-record.js'
import { memoryDifference, stateDifference, vectorDifference } from '../../isa/differential/state-difference.js'
import type { LiveWay } from './live-way.js'

const RSP = 4
const SIGTRAP = 5
const RED_ZONE = 128n
/** How far below the red zone a trampoline may write. */
const BORROWED_STACK = 256n

/** The first thing in which a probed run differs from the one without probes, in words. */
export function liveDifference(way: LiveWay, subject: Case, native: Outcome, probed: Outcome): string | undefined {
  if (native.signal !== probed.signal || native.code !== probed.code) {
    const got = `signal ${probed.signal} (code ${probed.code}, at ${hex(probed.rip)})`
    return `${got}, not ${native.signal} (code ${native.code}, at ${hex(native.rip)})`
  }
  return (
    stateWhereItEnds(way, subject, native, probed) ??
    vectorDifference(native, probed) ??
    memoryDifference(native, probed, (at) => isDeadStack(subject, at) || isPushed(subject, native, at))
  )
}

/**
 * What the program's handler finds where the instruction faults: everything, or what the way promises of it. Nothing is
 * promised of the vector state and of memory but that they are the program's own.
 */
function stateWhereItEnds(way: LiveWay, subject: Case, native: Outcome, probed: Outcome): string | undefined {
  const promise = native.signal === SIGTRAP ? 'everything' : way.atFaults(subject, native.signal)
  if (promise === 'everything') {
    if (native.address !== probed.address) return `si_addr is ${hex(probed.address)}, not ${hex(native.address)}`
    return stateDifference(native, probed, way.ignoredFlags(subject))
  }
  if (promise === 'nothing') return undefined
  if (promise === 'address and callee-saved' && probed.rip !== native.rip)
    return `rip is ${hex(probed.rip)}, not ${hex(native.rip)}`
  const lost = calleeSaved.find((register) => native.registers[register] !== probed.registers[register])
  return lost === undefined ? undefined : `${registerNames[lost]} is lost where the instruction faults`
}

/** What unwinding gives back to callers (System V ABI, figure 3.4). */
const calleeSaved = [3, 5, 12, 13, 14, 15] as const

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
