export type { RefusalCode } from './refusal/codes.js'
export type { Refusal } from './refusal/refusal.js'
export {
  type AttachOptions,
  type CountProbes,
  type ListOptions,
  RefusedError,
  type Ring3,
  type Session,
} from './session/api.js'
export { attach, clean, listFile } from './session/session.js'
export type {
  Attached,
  Cleaned,
  Explanation,
  ListedFunction,
  MechanismVerdict,
  Progress,
  ProgressPhase,
  RefusedSite,
  Snapshot,
} from './session/session-types.js'
