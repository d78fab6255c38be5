import type { EventBatch } from '../../src/store/event-batch.js'

/** The events of a batch, one by one. */
export function eventList(batch: EventBatch): { readonly event: number; readonly values: readonly Uint8Array[] }[] {
  return Array.from({ length: batch.length }, (_, at) => ({ event: batch.eventAt(at), values: batch.valuesAt(at) }))
}
