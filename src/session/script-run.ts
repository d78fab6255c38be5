import { spawnSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { closeSync, openSync, readSync } from 'node:fs'
import { unreachable } from '../bytes/assert.js'
import type { ProgramConfig } from '../ir/program.js'
import { errorText } from '../kernel/error-text.js'
import { runWarningText } from '../lang/run-warning.js'
import type { SourceText } from '../lang/source-text.js'
import { textsOf } from '../record/burst.js'
import { formatTime } from '../record/format-time.js'
import type { MapRecord } from '../record/map-record.js'
import type { ProgramRecord } from '../record/program-record.js'
import { type RunAction, weightOf } from '../runs/run-action.js'
import { type Data, dataOf, type KeyedMap, type MapEntryData, type MapsData, mapData, mapsData } from './map-data.js'
import type { Attached } from './session-types.js'
import type { RunOver } from './tracer-protocol.js'

/** What a run tells of, in the order of the script. */
export interface RunEvents {
  /** Everything that outputs show, also what has an event of its own. */
  record: [record: ProgramRecord]
  printf: [text: string]
  /** `print()` of a value. */
  value: [value: Data]
  /** `print()` of a map, and each map at the end; the name has no `@`. */
  map: [name: string, value: KeyedMap | MapEntryData | undefined]
  /** `errorf()` and `warnf()`, with the place in the script. */
  message: [text: string]
  /** Something went wrong in a handler, which went on, or was missed; text of several lines. */
  warning: [text: string]
  lost: [events: bigint]
  /** The run can go no further: `exit()` was called, or the target has ended. It is to be closed. */
  over: [over: RunEnd]
}

/** Why a run is over. */
export interface RunEnd {
  readonly reason: 'exit' | RunOver
  /** The argument of `exit()`; 0 otherwise. */
  readonly code: number
  /** A sentence, unless it was `exit()`. */
  readonly message: string
}

/** How a run reaches its tracer. */
export interface RunControl {
  /** Takes the probes out and runs END. */
  finish(): Promise<readonly MapRecord[]>
  /** Forgets the run; its probes go with the session. */
  abandon(): Promise<void>
  readMaps(): Promise<readonly MapRecord[]>
  signal(name: string): void
  /** So many actions have been dealt with. */
  taken(actions: number): void
}

/** What is known about a run when it begins. */
export interface RunFacts {
  readonly source: SourceText
  readonly config: ProgramConfig
  /** What became of the probes; undefined where none needs a target. */
  readonly attached: Attached | undefined
  /** Messages about the script and its probes, text of several lines. */
  readonly notes: readonly string[]
  /** Signals that the script has probes for. */
  readonly signals: readonly NodeJS.Signals[]
}

/** A script at work. Events come once whoever started it has had a turn to listen. */
export class ScriptRun extends EventEmitter<RunEvents> implements AsyncDisposable {
  /** What became of the probes; undefined where none needs a target. */
  readonly attached: Attached | undefined
  /** Messages about the script and its probes, text of several lines. */
  readonly notes: readonly string[]
  #maps: MapsData = {}
  #over: RunEnd | undefined
  #closed: Promise<void> | undefined
  #isAbandoned = false
  #waiting: RunAction[] | undefined = []
  readonly #listeners: (readonly [NodeJS.Signals, () => void])[]

  constructor(
    private readonly facts: RunFacts,
    private readonly control: RunControl,
  ) {
    super()
    this.attached = facts.attached
    this.notes = facts.notes
    this.#listeners = facts.signals.map((name) => [name, () => control.signal(name)] as const)
    for (const [name, listener] of this.#listeners) process.on(name, listener)
    setImmediate(() => this.#begin())
  }

  /** The maps as they were read last: by `readMaps`, or at the end. */
  get maps(): MapsData {
    return this.#maps
  }

  /** Why the run is over, if it is. */
  get over(): RunEnd | undefined {
    return this.#over
  }

  /** Reads the maps as they are now. */
  async readMaps(): Promise<MapsData> {
    if (this.#closed === undefined) this.#maps = mapsData(await this.control.readMaps())
    return this.#maps
  }

  /** Takes the probes out, runs END, and tells of the maps. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#stopListening()
    this.#maps = mapsData(await this.control.finish())
    this.#begin()
  }

  #stopListening(): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener)
  }

  /** Says and does nothing more, not even END. The probes go with the session. */
  abandon(): Promise<void> {
    this.#isAbandoned = true
    this.#stopListening()
    this.#closed ??= this.control.abandon()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** For the tracer’s use. */
  take(actions: readonly RunAction[]): void {
    if (this.#waiting === undefined) this.#performAll(actions)
    else for (const action of actions) this.#waiting.push(action)
  }

  /** For the tracer’s use: the first reason stays. */
  end(over: RunEnd): void {
    if (this.#over !== undefined) return
    this.#over = over
    if (this.#waiting === undefined) this.emit('over', over)
  }

  #begin(): void {
    const actions = this.#waiting ?? []
    this.#waiting = undefined
    const wasOver = this.#over
    this.#performAll(actions)
    if (wasOver !== undefined) this.emit('over', wasOver)
  }

  #performAll(actions: readonly RunAction[]): void {
    if (this.#isAbandoned) return
    for (const action of actions) this.#perform(action)
    this.control.taken(actions.reduce((sum, action) => sum + weightOf(action), 0))
  }

  #perform(action: RunAction): void {
    switch (action.kind) {
      case 'show':
        this.#show(action.record)
        break
      case 'message':
        this.emit('message', action.text)
        break
      case 'notice':
        this.emit('warning', action.text)
        break
      case 'warning':
        this.emit('warning', runWarningText(this.facts.source, action.warning))
        break
      case 'show-file':
        this.#showFile(action.path)
        break
      case 'run-command':
        this.#show({ kind: 'syscall', text: outputOf(action.command) })
        break
      case 'show-time':
        this.#show({ kind: 'time', text: formatTime(action.format, BigInt(Date.now()) * 1_000_000n) })
        break
      case 'exit':
        this.end({ reason: 'exit', code: action.code, message: '' })
        break
      default:
        unreachable(action)
    }
  }

  #show(record: ProgramRecord): void {
    this.emit('record', record)
    if (record.kind === 'printf') this.emit('printf', record.text)
    if (record.kind === 'burst' && this.listenerCount('printf') > 0)
      for (const text of textsOf(record)) this.emit('printf', text)
    if (record.kind === 'value') this.emit('value', dataOf(record.value))
    if (record.kind === 'lost') this.emit('lost', record.events)
    if (record.kind === 'map') this.emit('map', record.map.name.slice(1), mapData(record.map))
  }

  #showFile(path: string): void {
    try {
      this.#show({ kind: 'cat', text: beginningOf(path, this.facts.config.maxCatBytes) })
    } catch (error) {
      this.emit('message', `ERROR: failed to open file '${path}': ${whyNotOpened(error)}\n`)
    }
  }
}

/** What a shell command prints; its stderr is ours. */
function outputOf(command: string): string {
  return spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).stdout
}

/** At most so many bytes of a file. Files of /proc have no size. */
function beginningOf(path: string, maxBytes: number): string {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(maxBytes)
    let done = 0
    for (let got = -1; got !== 0 && done < maxBytes; done += got)
      got = readSync(file, bytes, done, maxBytes - done, null)
    return bytes.subarray(0, done).toString('utf8')
  } finally {
    closeSync(file)
  }
}

/** In the C library's words. */
function whyNotOpened(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'errno' in error && typeof error.errno === 'number' ? errorText(-error.errno) : error.message
}
