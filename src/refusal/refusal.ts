import type { RefusalCode } from './codes.js'

/** Why something cannot be done: a value, not an exception. */
export interface Refusal {
  readonly kind: 'refusal'
  readonly code: RefusalCode
  /** One sentence for the user: what is wrong, with which value, and what to do. */
  readonly because: string
}

export function refuse(code: RefusalCode, because: string): Refusal {
  return { kind: 'refusal', code, because }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'refusal'
}
