import type { Statement } from '../../../ir/statement.js'
import { eventPayload } from '../../../store/event-layout.js'
import { emitValue, emitWord } from './block.js'
import type { Emission } from './emission.js'
import { emitRecord } from './emit-record.js'
import { behind } from './operand.js'

/** Puts an event's values into the thread's ring. */
export function emitEvent(emission: Emission, { event, values }: Statement & { op: 'emit' }): void {
  const { size, offsets } = eventPayload(emission.request.program, event)
  const isExit = emission.request.program.events[event]?.kind === 'exit'
  emitRecord(emission, event, size, (payload) => {
    for (const [at, value] of values.entries()) {
      const to = behind(payload, offsets[at] ?? 0)
      if (isExit) emitWord(emission, value, to)
      else emitValue(emission, value, to)
    }
  })
}
