export { flameGraphHtml } from './outputs/flame-graph/flame-graph-html.js'
export { type FlameGraphOptions, flameGraphSvg } from './outputs/flame-graph/flame-graph-svg.js'
export { foldedStacks } from './outputs/flame-graph/folded-stacks.js'
export type { MechanismTraits } from './probe/mechanism.js'
export type { CallEnd, CallRecord, CallTree } from './record/call-record.js'
export type { FrameSymbol, StackFrame } from './record/data-value.js'
export type { LatencyBucket, LatencyRecord } from './record/latency-record.js'
export type { MechanismCost, MechanismRecord } from './record/mechanism-record.js'
export type { StackCount } from './record/stack-count.js'
export type { RefusalCode } from './refusal/codes.js'
export type { Refusal } from './refusal/refusal.js'
export {
  type AttachOptions,
  type CallGraph,
  type CountProbes,
  type HandlerProbes,
  type LaunchedSession,
  type ListOptions,
  type ProbeHandler,
  RefusedError,
  type Ring3,
  type RunOptions,
  type Session,
  type StackProbes,
} from './session/api.js'
export type { CatchOptions, ResumeChoice, Via } from './session/catch-options.js'
export type { GraphOptions } from './session/graph-options.js'
export type { Hit, HitMemory, HitRegisters } from './session/hit.js'
export type { LatencyProbes } from './session/latency.js'
export type { LatencyOptions } from './session/latency-script.js'
export {
  type Data,
  Histogram,
  type HistogramBucket,
  type Integer,
  KeyedMap,
  type MapEntryData,
  type MapsData,
  Series,
  type SeriesValue,
  Stats,
} from './session/map-data.js'
export { measureMechanisms } from './session/measure-mechanisms.js'
export { mechanisms } from './session/mechanism-traits.js'
export { ScriptError } from './session/script-error.js'
export type { RunEnd, RunEvents, ScriptRun } from './session/script-run.js'
export { attach, clean, launch, listFile, run } from './session/session.js'
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
