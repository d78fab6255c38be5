import type { CallTree } from '../../src/record/call-record.js'
import type { StackCount } from '../../src/record/stack-count.js'
import type { Refusal } from '../../src/refusal/refusal.js'
import {
  type CallGraph,
  type CountProbes,
  RefusedError,
  type Ring3,
  type Session,
  type StackProbes,
} from '../../src/session/api.js'
import type {
  Attached,
  Cleaned,
  Explanation,
  ListedFunction,
  Progress,
  Snapshot,
} from '../../src/session/session-types.js'

/** What a fake engine does; what is left out works at once and finds nothing. */
export interface Scenario {
  readonly attachRefused?: Refusal
  readonly countRefused?: Refusal
  readonly attachMs?: number
  readonly removeMs?: number
  readonly removeFails?: string
  readonly progress?: readonly Progress[]
  readonly warnings?: readonly string[]
  readonly attached?: Attached
  /** One map a reading; the last one stays. */
  readonly readings?: readonly Readonly<Record<string, bigint>>[]
  /** The reading at which the target is gone. */
  readonly goneAtReading?: number
  readonly stacks?: readonly StackCount[]
  /** The target ends while stacks are counted. */
  readonly stacksOver?: boolean
  readonly trees?: readonly CallTree[]
  /** The target ends after these trees. */
  readonly graphOver?: string
  readonly lost?: bigint
  readonly functions?: readonly ListedFunction[]
  readonly explanations?: readonly Explanation[]
  readonly cleaned?: Cleaned
}

const nothingAttached: Attached = {
  probes: 2,
  mechanisms: { jump: 2 },
  refused: [],
  passedOver: [],
  stoppedNs: 48_000,
  setupNs: 1_250_000,
}

/** An engine without a process: plays a scenario and tells `log` what it was asked to do. */
export function fakeEngine(scenario: Scenario, log: (event: string) => void): Ring3 {
  return {
    async attach(pid, options) {
      log(`attach ${pid}`)
      for (const step of scenario.progress ?? []) options?.onProgress?.(step)
      for (const sentence of scenario.warnings ?? []) options?.onWarning?.(sentence)
      await pause(scenario.attachMs)
      if (scenario.attachRefused) throw new RefusedError(scenario.attachRefused)
      return fakeSession(pid, scenario, log)
    },
    mechanisms: [],
    measureMechanisms: () => Promise.resolve([]),
    launch: () => Promise.reject(new Error('the fake engine starts nothing')),
    run: () => Promise.reject(new Error('the fake engine runs no scripts')),
    async clean(pid) {
      log(`clean ${pid}`)
      return scenario.cleaned ?? { areas: 0, edits: 0, interruptedCall: false, stoppedNs: 0, remaining: [] }
    },
    async listFile(path, symbolGlob, options) {
      log(`list ${path} ${symbolGlob}`)
      for (const sentence of scenario.warnings ?? []) options?.onWarning?.(sentence)
      return scenario.functions ?? []
    },
  }
}

function fakeSession(pid: number, scenario: Scenario, log: (event: string) => void): Session {
  let detached = false
  const detach = async (): Promise<void> => {
    if (!detached) log('detach')
    detached = true
  }
  return {
    pid,
    async count(...patterns) {
      log(`count ${patterns.join(' ')}`)
      if (scenario.countRefused) throw new RefusedError(scenario.countRefused)
      return fakeProbes(scenario, log)
    },
    run: () => Promise.reject(new Error('the fake engine runs no scripts')),
    async stacks(...patterns) {
      log(`stacks ${patterns.join(' ')}`)
      return fakeStacks(scenario, log)
    },
    latency: () => Promise.reject(new Error('the fake engine measures nothing')),
    async graph(patterns, options) {
      log(`graph ${[patterns].flat().join(' ')} ${JSON.stringify(options)}`)
      return fakeGraph(scenario, log)
    },
    probe: () => Promise.reject(new Error('the fake engine has no handlers')),
    explain: async () => scenario.explanations ?? [],
    list: async () => scenario.functions ?? [],
    detach,
    [Symbol.asyncDispose]: detach,
  }
}

function fakeProbes(scenario: Scenario, log: (event: string) => void): CountProbes {
  const readings = scenario.readings ?? [{}]
  let next = 0
  const snapshot = async (): Promise<Snapshot> => {
    const counts = readings[Math.min(next, readings.length - 1)] ?? {}
    const targetGone = next === scenario.goneAtReading
    next++
    return { counts: new Map(Object.entries(counts)), elapsedMs: next * 1000, targetGone }
  }
  return {
    attached: scenario.attached ?? nothingAttached,
    snapshot,
    async *every() {
      yield await snapshot()
    },
    async remove() {
      log('remove')
      await pause(scenario.removeMs)
      if (scenario.removeFails !== undefined) throw new Error(scenario.removeFails)
      return snapshot()
    },
  }
}

function fakeStacks(
  { stacks = [], attached = nothingAttached, stacksOver = false }: Scenario,
  log: (event: string) => void,
): StackProbes {
  return {
    attached,
    isOver: stacksOver,
    warnings: [],
    async remove() {
      log('remove')
      return stacks
    },
  }
}

function fakeGraph(
  { trees = [], attached = nothingAttached, graphOver, lost = 0n, warnings = [] }: Scenario,
  log: (event: string) => void,
): CallGraph {
  let end: () => void = () => undefined
  let isEnded = graphOver !== undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  const remove = async (): Promise<void> => {
    if (!isEnded || graphOver !== undefined) log('remove')
    isEnded = true
    end()
  }
  return {
    attached,
    over: graphOver,
    lost,
    warnings,
    get isEnded() {
      return isEnded
    },
    async *[Symbol.asyncIterator]() {
      yield* trees
      if (graphOver === undefined) await ended
    },
    remove,
    [Symbol.asyncDispose]: remove,
  }
}

async function pause(ms = 0): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
}
