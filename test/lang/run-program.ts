import type { Effect, RunWarning } from '../../src/codegen/interpreter/effect.js'
import type { HitEnvironment } from '../../src/codegen/interpreter/hit-environment.js'
import { MapStore } from '../../src/codegen/interpreter/map-store.js'
import { runHandler } from '../../src/codegen/interpreter/run-handler.js'
import { bytesOfValue } from '../../src/codegen/interpreter/value.js'
import type { Event } from '../../src/ir/event.js'
import type { ProbeRequest, Program } from '../../src/ir/program.js'
import { compile } from '../../src/lang/compile.js'
import { type CompileOptions, defaultOptions } from '../../src/lang/compile-options.js'
import { diagnosticText } from '../../src/lang/diagnostic.js'
import type { DataValue } from '../../src/record/data-value.js'
import { type DecodeContext, decodeValue } from '../../src/record/decode-value.js'
import { eventAction } from '../../src/record/event-action.js'
import { formatTime } from '../../src/record/format-time.js'
import { mapRecord } from '../../src/record/map-record.js'
import type { ProgramRecord } from '../../src/record/program-record.js'
import { pretendHit } from './pretend-hit.js'

/** What a run of a program has shown and done. */
export interface ProgramRun {
  readonly records: readonly ProgramRecord[]
  readonly warnings: readonly RunWarning[]
  readonly exitCode: number
}

/** Compiles a script that must compile. */
export function compiled(script: string, options: Partial<CompileOptions> = {}): Program {
  const compilation = compile('stdin', script, { ...defaultOptions, ...options })
  if (compilation.kind === 'compiled') return compilation.program
  throw new Error(compilation.diagnostics.map((diagnostic) => diagnosticText(compilation.source, diagnostic)).join(''))
}

/** Runs begin, then a hit for each given environment (at every handler of a uprobe), then end, as a tracer would. */
export function runProgram(program: Program, hits: readonly HitEnvironment[] = []): ProgramRun {
  const run = new ProgramRunner(program)
  run.show({ kind: 'attached', probes: program.handlers.reduce((sum, { probes }) => sum + probes.length, 0) })
  run.fire('begin', pretendHit({}))
  for (const hit of hits) run.fire('uprobe', hit)
  run.fire('end', pretendHit({}))
  run.show({ kind: 'end' })
  if (program.config.printMapsOnExit) run.showMaps()
  return { records: run.records, warnings: run.warnings, exitCode: run.exitCode }
}

class ProgramRunner {
  readonly records: ProgramRecord[] = []
  readonly warnings: RunWarning[] = []
  exitCode = 0
  #exited = false
  readonly #maps: MapStore
  readonly #context: DecodeContext

  constructor(readonly program: Program) {
    this.#maps = new MapStore(program.maps)
    this.#context = {
      records: program.records,
      enums: program.enums,
      stringTrailer: program.config.stringTrailer,
      names: {
        frame: (address) =>
          address >= 0x10000n ? undefined : { name: `f${address >> 8n}`, offset: address & 0xffn, module: '/pretend' },
        symbol: (address) => `0x${address.toString(16)}`,
        probe: (site) => (site === 0n ? 'BEGIN' : `uprobe:pretend:f${site}`),
        function: (site) => `f${site}`,
        user: (uid) => (uid === 0n ? 'root' : String(uid)),
        time: formatTime,
        error: (number) => (number === 7n ? 'Argument list too long' : `error ${number}`),
      },
    }
  }

  show(record: ProgramRecord): void {
    this.records.push(record)
  }

  fire(kind: ProbeRequest['kind'], environment: HitEnvironment): void {
    if (this.#exited && kind !== 'end') return
    for (const handler of this.program.handlers.filter(({ probes }) => probes.some((probe) => probe.kind === kind))) {
      const { effects, warnings } = runHandler(this.program, handler, environment, this.#maps)
      this.warnings.push(...warnings)
      for (const effect of effects) this.#do(effect)
      if (this.#exited && kind !== 'end') return
    }
  }

  /** By name, as bpftrace prints them. */
  showMaps(): void {
    const order = this.program.maps.map(({ name }, map) => ({ name, map })).sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const { map } of order)
      this.show({ kind: 'map', map: mapRecord(this.#maps.snapshot(map), { top: 0, div: 1n }, this.#context) })
  }

  #do(effect: Effect): void {
    if (effect.kind === 'signal') return
    const event = this.program.events[effect.event]
    if (event === undefined || event.kind === 'row') throw new Error(`no event ${effect.event}`)
    const values = effect.kind === 'join' ? effect.texts.map(textValue) : this.#decode(event, effect.values)
    const action = eventAction(event, values, (map) => this.#maps.snapshot(map), this.#context)
    if (action.kind === 'show') this.show(action.record)
    if (action.kind === 'clear') this.#maps.clear(action.map)
    if (action.kind === 'zero') this.#maps.zero(action.map)
    if (action.kind !== 'exit') return
    this.exitCode = action.code
    this.#exited = true
  }

  #decode(event: Event, values: readonly (bigint | Uint8Array)[]): DataValue[] {
    if (event.kind === 'exit') return values.map((value) => ({ kind: 'integer', value: BigInt(String(value)) }))
    const types = 'types' in event ? event.types : []
    return values.map((value, at) => {
      const type = types[at]
      if (type === undefined) throw new Error('a value without a type')
      return decodeValue(bytesOfValue(type, value), type, this.#context)
    })
  }
}

function textValue(bytes: Uint8Array): DataValue {
  return { kind: 'text', text: Buffer.from(bytes).toString('utf8') }
}
