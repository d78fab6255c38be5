import type { CallRecord, CallTree } from '../../record/call-record.js'
import { type CountsRecord, orderedSites } from '../../record/counts-record.js'
import type { ExplanationRecord } from '../../record/explanation-record.js'
import type { FunctionRecord } from '../../record/function-record.js'
import type { LatencyRecord } from '../../record/latency-record.js'
import type { MergedCall } from '../../record/merged-calls.js'
import type { Output } from '../../record/output.js'
import { type JsonValue, jsonText } from './json-value.js'
import { programJson } from './program-json.js'

/** One JSON value a line, in bpftrace's envelope: `{"type":…,"data":…}`. */
export const jsonOutput: Output = {
  name: 'json',
  forPeople: false,
  attached: ({ probes, mechanisms, refused, passedOver, stoppedNs, setupNs }) =>
    line('attached_probes', {
      probes,
      mechanisms,
      refused: refused.map(({ site, code, because }) => ({ site, code, because })),
      passedOver: passedOver.map(({ mechanisms, probes, code, because }) => ({ mechanisms, probes, code, because })),
      stoppedNs,
      setupNs,
    }),
  interimCounts: (now, _previous, { all }) => countsLine(now, all),
  finalCounts: (counts, { all }) => countsLine(counts, all),
  latencies: (latencies) => latencies.map((each) => line('latency', latencyData(each))).join(''),
  calls: (tree) => line('call', callData(tree)),
  mergedCalls: (roots) => roots.map((root) => line('merged_call', mergedData(root))).join(''),
  functions: (functions) => functions.map((found) => line('function', functionData(found))).join(''),
  explanations: (explanations) => explanations.map((site) => line('explanation', explanationData(site))).join(''),
  cleaned: ({ areas, edits, interruptedCall, stoppedNs, remaining }) =>
    line('cleaned', { areas, edits, interruptedCall, stoppedNs, remaining }),
  program: programJson,
  mechanisms: (mechanisms) =>
    mechanisms
      .map(({ name, caughtBy, handlerIn, needs, noticeable, automatic, cost }) =>
        line('mechanism', { name, caughtBy, handlerIn, needs, noticeable, automatic, ...(cost && { cost }) }),
      )
      .join(''),
}

function line(type: string, data: JsonValue): string {
  return `${jsonText({ type, data })}\n`
}

function countsLine({ counts }: CountsRecord, all: boolean): string {
  return line('map', { '@': new Map(orderedSites(counts, all)) })
}

function latencyData({ buckets, tid, ...figures }: LatencyRecord): JsonValue {
  return {
    ...figures,
    ...(tid !== undefined && { tid }),
    buckets: buckets.filter(({ calls }) => calls > 0).map((each) => ({ ...each })),
  }
}

function callData({ calls, durationNs, ...facts }: CallRecord | CallTree): JsonValue {
  return { ...facts, durationNs: durationNs ?? null, calls: calls.map(callData) }
}

function mergedData({ calls, ...facts }: MergedCall): JsonValue {
  return { ...facts, calls: calls.map(mergedData) }
}

function functionData({ module, moduleName, symbol, demangled, fileOffset, size }: FunctionRecord): JsonValue {
  return { site: `${moduleName}:${symbol}`, module, moduleName, symbol, demangled, fileOffset, size }
}

function explanationData(explanation: ExplanationRecord): JsonValue {
  const { site, address, file, fileOffset, verdicts, window, trampoline } = explanation
  return {
    site,
    address,
    file,
    fileOffset,
    verdicts: verdicts.map(({ mechanism, chosen, refused }) => ({
      mechanism,
      chosen,
      refused: refused && { code: refused.code, because: refused.because },
    })),
    window: window && {
      length: window.length,
      before: window.before,
      after: window.after,
      displaced: window.displaced,
      flagsDead: window.flagsDead,
      deadRegisters: window.deadRegisters,
    },
    trampoline,
  }
}
