export type { Address } from './bytes/address.js'
export type { Refusal } from './refusal/refusal.js'
export type { RefusalCode } from './refusal/codes.js'
