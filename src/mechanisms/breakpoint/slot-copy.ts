import { type Address, offsetBy } from '../../bytes/address.js'
import type { InstructionKind } from '../../isa/instruction-class.js'
import type { Architecture } from '../../isa/site-analysis.js'
import { isRefusal } from '../../refusal/refusal.js'
import { encodeJumpBack, relocateWithJumpBack } from '../../trampolines/plan-trampolines.js'
import type { PlantedSite } from './planted-site.js'
import { SLOT_SIZE, type SlotCopy, TRAP_AT } from './slots.js'

/** Whoever executes one of these goes on right behind it, or does not execute it. */
const straight: ReadonlySet<InstructionKind> = new Set([
  'plain',
  'no-operation',
  'rip-relative',
  'push',
  'pop',
  'repeated string',
])

/**
 * A site's copy for a slot. Where it is no branch, a trap ends it: cheaper than a single step on a virtual machine. Undefined
 * where it does not fit or reach, and for an instruction that several stand for: a signal in their middle would have to be
 * shown an address that there is not.
 */
export function slotCopy(arch: Architecture, planted: PlantedSite, slot: Address): SlotCopy | undefined {
  return straight.has(planted.instruction.kind) ? trapped(arch, planted, slot) : stepped(arch, planted, slot)
}

function trapped(arch: Architecture, planted: PlantedSite, slot: Address): SlotCopy | undefined {
  const { served } = planted
  const { site, analysis } = served
  const end = offsetBy(slot, TRAP_AT)
  const there = arch.relocate(analysis, site.address, slot)
  if (isRefusal(there)) return undefined
  const start = offsetBy(end, -there.bytes.length)
  const code = arch.relocate(analysis, site.address, start)
  const jump = encodeJumpBack(arch, served, offsetBy(end, arch.trap.length))
  if (isRefusal(code) || isRefusal(jump) || code.exits.length > 0) return undefined
  if (code.bytes.length !== there.bytes.length || start < slot) return undefined
  return { bytes: Buffer.concat([code.bytes, arch.trap, jump]), start, end, behind: behind(planted), endsInTrap: true }
}

function stepped(arch: Architecture, planted: PlantedSite, slot: Address): SlotCopy | undefined {
  const { served } = planted
  const code = relocateWithJumpBack(arch, served, slot)
  if (isRefusal(code) || code.bytes.length > SLOT_SIZE || code.exits.length > 0) return undefined
  const { displacedLength, fallsThrough } = served.analysis
  const point = fallsThrough ? code.points.find(({ original }) => original === displacedLength) : undefined
  const end = offsetBy(slot, point?.relocated ?? code.bytes.length)
  return { bytes: code.bytes, start: slot, end, behind: behind(planted), endsInTrap: false }
}

function behind({ site, served }: PlantedSite): Address {
  return offsetBy(site.address, served.analysis.displacedLength)
}
