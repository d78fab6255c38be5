import type { Program } from '../ir/program.js'
import { diagnosticText } from '../lang/diagnostic.js'
import { signalNumbers } from '../lang/signal-numbers.js'
import type { SourceText } from '../lang/source-text.js'
import { countTaken, takenCount } from './outbox.js'
import type { MissingProbe } from './program-sites.js'
import { ScriptError } from './script-error.js'
import { ScriptRun } from './script-run.js'
import type { RunBegun } from './tracer-protocol.js'
import type { RunListener, TracerThread } from './tracer-thread.js'

/** A program that can be run. */
export interface CompiledScript {
  readonly program: Program
  readonly source: SourceText
  /** Warnings of the compiler, as text of several lines. */
  readonly warnings: readonly string[]
}

/** A run, and the number by which the tracer thread knows it. */
export interface NumberedRun {
  readonly run: ScriptRun
  readonly number: number
}

/** Begins a program in a tracer thread. @throws ScriptError, RefusedError */
export async function beginRun(
  thread: TracerThread,
  { program, source, warnings }: CompiledScript,
  childPid: number | undefined,
  onFinished: () => Promise<void>,
): Promise<NumberedRun> {
  const early = new EarlyListener()
  const number = thread.addRun(early)
  const taken = takenCount()
  try {
    const begun = await thread.request('run', { program, run: number, childPid, taken })
    const notes = [...warnings, ...missingNotes(begun, source, program)]
    const facts = { source, config: program.config, attached: attachedOf(begun), notes, signals: signalsOf(program) }
    const run = new ScriptRun(facts, {
      finish: async () => {
        const { maps, remaining } = await thread.request('finishRun', { run: number })
        thread.forgetRun(number)
        if (remaining.length > 0) throw new Error(`not everything could be removed: ${remaining.join('; ')}`)
        await onFinished()
        return maps
      },
      abandon: async () => {
        thread.forgetRun(number)
        await onFinished()
      },
      readMaps: () => thread.request('readMaps', { run: number }),
      taken: (actions) => countTaken(taken, actions),
      signal: (signal) => void thread.request('signalRun', { run: number, signal }),
    })
    early.passOn(run)
    return { run, number }
  } catch (error) {
    thread.forgetRun(number)
    throw error
  }
}

/** What comes before there is a run is kept for it. */
class EarlyListener implements RunListener {
  #run: ScriptRun | undefined
  readonly #calls: ((run: ScriptRun) => void)[] = []

  onActions(actions: Parameters<RunListener['onActions']>[0]): void {
    this.#call((run) => run.take(actions))
  }

  onOver(reason: Parameters<RunListener['onOver']>[0], message: string): void {
    this.#call((run) => run.end({ reason, code: 0, message }))
  }

  passOn(run: ScriptRun): void {
    this.#run = run
    for (const call of this.#calls.splice(0)) call(run)
  }

  #call(call: (run: ScriptRun) => void): void {
    if (this.#run === undefined) this.#calls.push(call)
    else call(this.#run)
  }
}

function attachedOf(begun: RunBegun) {
  return begun.kind === 'started' ? begun.attached : undefined
}

/** @throws ScriptError for a probe that the script cannot do without. */
function missingNotes(begun: RunBegun, source: SourceText, { config }: Program): string[] {
  if (begun.kind === 'missing') throw new ScriptError(source, [{ severity: 'error', ...said(begun.probe) }])
  if (config.missingProbes === 'ignore') return []
  return begun.missing.map((probe) => diagnosticText(source, { severity: 'warning', ...said(probe) }))
}

function said({ span, refusal }: MissingProbe) {
  return { span, message: refusal.because }
}

function signalsOf({ handlers }: Program): NodeJS.Signals[] {
  const asked = new Set(
    handlers.flatMap(({ probes }) => probes.flatMap((each) => (each.kind === 'signal' ? [each.signal] : []))),
  )
  return [...signalNumbers.keys()].filter((name): name is NodeJS.Signals => asked.has(name))
}
