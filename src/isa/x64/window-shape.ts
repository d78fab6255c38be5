import { hex, PAGE_SIZE } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { FunctionBounds } from '../code-facts.js'
import type { DisplacedInstruction, WindowLength } from '../site-analysis.js'
import { comesBack, fallsThrough, isNearCall } from './direct-target.js'
import { InstructionCursor } from './instruction-cursor.js'
import { type ModuleCode, textBytes } from './module-code.js'
import { paddingLength } from './padding.js'

/** What a jump at a site displaces, before anything is known about who may jump into it. */
export interface WindowShape {
  readonly kind: 'shape'
  readonly displaced: readonly DisplacedInstruction[]
  readonly displacedLength: number
  readonly padding: number
  readonly fallsThrough: boolean
}

/** Longest instruction (SDM vol. 2, 2.3.11). */
const LONGEST_INSTRUCTION = 15

/**
 * Decodes whole instructions from the site on until the jump is covered, with padding behind the last where it has to be, and
 * until the one that begins `lead` bytes behind the site is among them.
 */
export function windowShape(
  code: ModuleCode,
  bounds: FunctionBounds,
  site: number,
  windowLength: WindowLength,
  lead: number,
): WindowShape | Refusal {
  if ((site % PAGE_SIZE) + windowLength > PAGE_SIZE) {
    return refuse('window-crosses-page', `a jump of ${windowLength} bytes at ${hex(site)} would cross a page boundary`)
  }
  const wanted = Math.max(windowLength, lead + 1)
  const bytes = textBytes(code, site, wanted + LONGEST_INSTRUCTION)
  const displaced: DisplacedInstruction[] = []
  using cursor = new InstructionCursor(bytes.subarray(0, bounds.end - site), site)
  while (cursor.nextOffset < wanted) {
    if (!cursor.next()) return ranOut(cursor, bounds, site)
    displaced.push({ offset: cursor.offset, bytes: bytes.slice(cursor.offset, cursor.nextOffset) })
    const inside = returnsInside(cursor, site, windowLength)
    if (inside !== undefined) return inside
    if (!fallsThrough(cursor.instruction)) break
  }
  return withPadding(displaced, cursor, bytes, site, windowLength)
}

function ranOut(cursor: InstructionCursor, bounds: FunctionBounds, site: number): Refusal {
  const at = site + cursor.offset
  if (at < bounds.end) return refuse('unknown-boundaries', `the bytes at ${hex(at)} are no instruction`)
  return refuse('window-too-short', `the function ends ${at - site} bytes behind ${hex(site)}`)
}

function returnsInside(cursor: InstructionCursor, site: number, windowLength: WindowLength): Refusal | undefined {
  if (!comesBack(cursor.instruction) || cursor.nextOffset >= windowLength) return undefined
  const back = hex(site + cursor.nextOffset)
  return refuse('return-into-window', `the call at ${hex(site + cursor.offset)} returns to ${back}, inside the jump`)
}

function withPadding(
  displaced: readonly DisplacedInstruction[],
  cursor: InstructionCursor,
  bytes: Uint8Array,
  site: number,
  windowLength: WindowLength,
): WindowShape | Refusal {
  const displacedLength = cursor.nextOffset
  const padding = Math.max(windowLength - displacedLength, 0)
  const leaves = !fallsThrough(cursor.instruction) || isNearCall(cursor.instruction)
  if (padding > 0 && paddingLength(bytes.subarray(displacedLength), site + displacedLength) < padding) {
    const because = `${displacedLength} bytes run from ${hex(site)} on, and what follows is no padding for the other ${padding}`
    return refuse('window-too-short', because)
  }
  return { kind: 'shape', displaced, displacedLength, padding, fallsThrough: !leaves }
}
