import type { CleanedRecord } from '../../record/cleaned-record.js'
import { duration, quantity } from './quantity.js'

/** What was removed, in one sentence; what could not be removed is reported as an error, not here. */
export function cleanedText({ areas, edits, interruptedCall, stoppedNs }: CleanedRecord): string {
  if (areas === 0 && edits === 0) {
    return interruptedCall ? 'undid an interrupted remote call\n' : 'nothing of ring3 is in this process\n'
  }
  return `removed ${quantity(areas, 'area')} and ${quantity(edits, 'edit')}; target stopped for ${duration(stoppedNs)}\n`
}
