import { type Address, hex } from '../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { InstructionClass, Resume } from '../instruction-class.js'
import type { SiteAnalysis } from '../site-analysis.js'
import { type Emulation, emulationOf } from './emulate/emulation-of.js'
import { InstructionCursor } from './instruction-cursor.js'
import { hidesStep, instructionKind } from './instruction-kind.js'
import { reasonNotToProbe } from './never-probed.js'
import { relocatable } from './relocate.js'

/**
 * What the displaced instruction of a site for a one-byte trap is, and which resumes serve it. Pure, and once per site:
 * at a hit nothing is left to decide. Refused with `not-probeable` where no resume serves.
 */
export function classifyInstruction(site: SiteAnalysis, at: Address): InstructionClass | Refusal {
  const bytes = site.displaced[0]?.bytes ?? new Uint8Array(0)
  using cursor = new InstructionCursor(bytes, at)
  if (!cursor.next()) return refuse('not-an-instruction', `the bytes at ${hex(at)} are no instruction`)
  const { instruction } = cursor
  const never = reasonNotToProbe(instruction)
  if (never !== undefined) return refuse('not-probeable', `the instruction at ${hex(at)} is never probed: ${never}`)
  const emulation = emulationOf(bytes, at)
  const kind = instructionKind(instruction)
  const stepHidden = hidesStep(instruction)
  const moved = relocatable(site) ?? abortedBy(kind === 'transaction', at)
  return {
    kind,
    refused: withoutServed({
      inline: stepHidden ? noStep(at) : abortedBy(kind === 'transaction', at),
      'out-of-line': moved,
      boosted: relocatable(site),
      emulated: emulation === undefined ? notEmulated(at) : undefined,
    }),
    hidesStep: stepHidden,
    emulationSharesMemory: sharesMemory(emulation),
  }
}

function withoutServed(reasons: Record<Resume, Refusal | undefined>): Partial<Record<Resume, Refusal>> {
  return Object.fromEntries(Object.entries(reasons).filter(([, reason]) => isRefusal(reason)))
}

function sharesMemory(emulation: Emulation | undefined): boolean {
  return emulation?.memory === 'any'
}

function noStep(at: Address): Refusal {
  return refuse(
    'not-stepped',
    `the instruction at ${hex(at)} would show the trap flag of a single step, or hold its trap back`,
  )
}

function abortedBy(isTransaction: boolean, at: Address): Refusal | undefined {
  if (!isTransaction) return undefined
  return refuse('not-stepped', `a trap behind the instruction at ${hex(at)} aborts the transaction`)
}

function notEmulated(at: Address): Refusal {
  return refuse('not-emulated', `the instruction at ${hex(at)} is none of those that are executed on saved registers`)
}
