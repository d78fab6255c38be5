import { type Address, address, distance, hex, offsetBy } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { RelocatedCode, RestoredRegister, ResumeExit, ResumePoint, SiteAnalysis } from '../site-analysis.js'
import { InstructionCursor } from './instruction-cursor.js'
import type { Relocation, Step, StepExit, StepRestored } from './relocate/relocation-case.js'
import { relocationCases } from './relocate/relocation-cases.js'

/** Sizes change at most once, when a branch inside the window turns out to be within reach. */
const ROUNDS = 4

/** Encodes a site's displaced instructions, which are at `from`, to run at `to`. See `Architecture.relocate`. */
export function relocate(site: SiteAnalysis, from: Address, to: Address): RelocatedCode | Refusal {
  let starts = site.displaced.map(({ offset }) => offset)
  for (let round = 0; round < ROUNDS; round++) {
    const pieces = encodePieces(site, from, to, starts)
    if (isRefusal(pieces)) return pieces
    const placed = placePieces(pieces)
    if (placed.every((start, index) => start === starts[index])) return joined(site, from, pieces, placed)
    starts = placed
  }
  assert(false, `relocation of ${hex(from)} does not settle`)
}

/** Why a site can be relocated nowhere, or undefined if it can at least be encoded where it is. */
export function relocatable(site: SiteAnalysis): Refusal | undefined {
  const home = address(site.site)
  const relocated = relocate(site, home, home)
  return isRefusal(relocated) ? relocated : undefined
}

/** What one instruction becomes. */
type Piece = readonly Step[]

function lengthOf(piece: Piece): number {
  return piece.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** Encodes every instruction, taking `starts` for where the copies begin. */
function encodePieces(site: SiteAnalysis, from: Address, to: Address, starts: readonly number[]): Piece[] | Refusal {
  const pieces: Piece[] = []
  let at = 0
  using cursor = new InstructionCursor(joinedBytes(site), from)
  for (const { bytes, offset } of site.displaced) {
    if (!cursor.next())
      return refuse('not-relocatable', `the bytes at ${hex(offsetBy(from, offset))} are no instruction`)
    const piece = encodePiece({
      instruction: cursor.instruction,
      bytes,
      from: offsetBy(from, offset),
      to: offsetBy(to, at),
      displacementOffset: () => cursor.displacementOffset(),
      destination: (target) => destinationOf(site, from, to, starts, target),
    })
    if (isRefusal(piece)) return piece
    pieces.push(piece)
    at += lengthOf(piece)
  }
  return pieces
}

function joinedBytes({ displaced, displacedLength }: SiteAnalysis): Uint8Array {
  const bytes = new Uint8Array(displacedLength)
  for (const each of displaced) bytes.set(each.bytes, each.offset)
  return bytes
}

function encodePiece(relocation: Relocation): Piece | Refusal {
  const found = relocationCases.find((each) => each.applies(relocation.instruction))
  assert(found !== undefined, 'no relocation case applies')
  return found.encode(relocation)
}

/** A branch back to the site goes there, since it has to hit the probe again; one to another displaced instruction goes to its copy. */
function destinationOf(
  { displaced, displacedLength }: SiteAnalysis,
  from: Address,
  to: Address,
  starts: readonly number[],
  target: Address,
): Address | Refusal {
  const offset = target - from
  if (offset <= 0n || offset >= BigInt(displacedLength)) return target
  const start = starts[displaced.findIndex((each) => BigInt(each.offset) === offset)]
  return start === undefined
    ? refuse('not-relocatable', `a displaced branch leads into the middle of an instruction, to ${hex(target)}`)
    : offsetBy(to, start)
}

function placePieces(pieces: readonly Piece[]): number[] {
  let at = 0
  return pieces.map((piece) => {
    const start = at
    at += lengthOf(piece)
    return start
  })
}

function joined(site: SiteAnalysis, from: Address, pieces: readonly Piece[], starts: readonly number[]): RelocatedCode {
  const steps = pieces.flat()
  const bytes = new Uint8Array(lengthOf(steps))
  let end = 0
  for (const step of steps) {
    bytes.set(step.bytes, end)
    end += step.bytes.length
  }
  const points: ResumePoint[] = site.displaced.map(({ offset }, index) => ({
    original: offset,
    relocated: starts[index] ?? 0,
  }))
  if (site.fallsThrough) points.push({ original: site.displacedLength, relocated: bytes.length })
  return { bytes, points, exits: exitsOf(steps, from) }
}

function exitsOf(steps: readonly Step[], site: Address): ResumeExit[] {
  const exits: ResumeExit[] = []
  let relocated = 0
  for (const { bytes, exit } of steps) {
    if (exit !== undefined) exits.push({ relocated, ...resumeExit(exit, site) })
    relocated += bytes.length
  }
  return exits
}

function resumeExit({ resumesAt, stackDelta, restored }: StepExit, site: Address): Omit<ResumeExit, 'relocated'> {
  const exit = { original: Number(distance(site, resumesAt)), stackDelta }
  return restored === undefined ? exit : { ...exit, restored: restoredRegister(restored, site) }
}

function restoredRegister(restored: StepRestored, site: Address): RestoredRegister {
  const { register } = restored
  return 'address' in restored
    ? { register, from: 'site', offset: Number(distance(site, restored.address)) }
    : { register, from: 'stack', offset: restored.stackOffset }
}
