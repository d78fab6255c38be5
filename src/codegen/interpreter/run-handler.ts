import { unreachable } from '../../bytes/assert.js'
import { callKey, ON_ITS_WAY } from '../../ir/call-key.js'
import { tupleLayout } from '../../ir/layout.js'
import type { Handler, Program } from '../../ir/program.js'
import { type DivideStatement, localType, type MapStatement, type Span, type Statement } from '../../ir/statement.js'
import { reducedValue } from '../../store/aggregate-state.js'
import type { Effect, HitResult, RunWarning } from './effect.js'
import { evaluate, type Frame } from './evaluate.js'
import type { HitEnvironment } from './hit-environment.js'
import { isState } from './map-store.js'
import type { ProgramMaps } from './program-maps.js'
import { type ReadValue, readBytes, readStrings, readText, readTyped, valueOrZero } from './read-memory.js'
import { takeStack } from './take-stack.js'
import { integerOf, readValue, type Value, wrapTo, writeValue, zeroOf } from './value.js'

/** How a list of statements ended. */
type Ending = 'next' | 'break' | 'continue' | 'return'

/** Executes one hit of a handler. Maps change at once; all else that it does is in the result. */
export function runHandler(
  program: Program,
  handler: Handler,
  environment: HitEnvironment,
  maps: ProgramMaps,
): HitResult {
  const run = new Run(program, handler, environment, maps)
  run.statements(handler.body)
  return { effects: run.effects, warnings: [...run.warnings.values()] }
}

class Run {
  readonly effects: Effect[] = []
  /** By kind and place: a loop may make the same one many times. */
  readonly warnings = new Map<string, RunWarning>()
  readonly #frame: Frame
  #turns = 0

  constructor(
    readonly program: Program,
    readonly handler: Handler,
    environment: HitEnvironment,
    readonly maps: ProgramMaps,
  ) {
    this.#frame = { locals: handler.locals.map(({ type }) => (type.kind === 'void' ? 0n : zeroOf(type))), environment }
  }

  statements(list: readonly Statement[]): Ending {
    for (const statement of list) {
      const ending = this.#statement(statement)
      if (ending !== 'next') return ending
    }
    return 'next'
  }

  #statement(statement: Statement): Ending {
    switch (statement.op) {
      case 'if':
        return this.statements(
          integerOf(this.#value(statement.condition)) === 0n ? statement.alternative : statement.consequent,
        )
      case 'loop':
        return this.#loop(statement)
      case 'for-each':
        return this.#forEach(statement)
      case 'break':
      case 'continue':
      case 'return':
        return statement.op
      case 'take-call':
        return this.#takeCall(statement)
      default:
        this.#act(statement)
        return 'next'
    }
  }

  /** Statements after which the next one runs. */
  #act(
    statement: Exclude<Statement, { op: 'if' | 'loop' | 'for-each' | 'break' | 'continue' | 'return' | 'take-call' }>,
  ): void {
    const { environment } = this.#frame
    switch (statement.op) {
      case 'set':
        this.#set(statement.local, this.#value(statement.value))
        return
      case 'clear':
        this.#set(statement.local, zeroOf(this.#type(statement.local)))
        return
      case 'divide':
      case 'modulo':
        this.#divide(statement)
        return
      case 'sample':
        this.#set(statement.local, wrapTo(this.#type(statement.local), environment.sample(statement.source)))
        return
      case 'take-stack':
        this.#set(statement.local, takeStack(this.#type(statement.local), environment))
        return
      case 'read':
        this.#keepRead(statement, readTyped(statement, this.#type(statement.local), this.#frame))
        return
      case 'read-string':
        this.#keepRead(statement, readText(statement, this.#type(statement.local), this.#frame))
        return
      case 'read-buffer':
        this.#keepRead(statement, readBytes(statement, this.#type(statement.local), this.#frame))
        return
      case 'emit':
        this.effects.push({
          kind: 'event',
          event: statement.event,
          values: statement.values.map((value) => this.#value(value)),
        })
        return
      case 'join':
        this.#join(statement)
        return
      case 'send-signal':
        this.effects.push({ kind: 'signal', signal: integerOf(this.#value(statement.signal)), to: statement.to })
        return
      case 'note-call':
        this.#noteCall(statement)
        return
      case 'pass-call':
        this.#passCall(statement)
        return
      case 'receive-call':
        this.#receiveCall(statement)
        return
      default:
        this.#mapStatement(statement)
        return
    }
  }

  #mapStatement(statement: MapStatement): void {
    const { map } = statement
    const key = 'key' in statement && statement.key !== undefined ? this.#value(statement.key) : undefined
    switch (statement.op) {
      case 'map-load':
        this.#set(statement.local, this.maps.load(map, key) ?? zeroOf(this.#type(statement.local)))
        return
      case 'map-store':
        this.#warnUnless(this.maps.store(map, key, this.#value(statement.value)), 'map-full', statement.span)
        return
      case 'map-aggregate':
        this.#aggregate(statement, key)
        return
      case 'map-delete': {
        const existed = this.maps.delete(map, key)
        this.#warnUnless(existed, 'no-such-key', statement.span)
        this.#set(statement.local, existed ? 1n : 0n)
        return
      }
      case 'map-has':
        this.#set(statement.local, this.maps.has(map, key) ? 1n : 0n)
        return
      case 'map-length':
        this.#set(statement.local, BigInt(this.maps.length(map)))
        return
      default:
        unreachable(statement)
    }
  }

  #noteCall({ map, clock, span }: Statement & { op: 'note-call' }): void {
    const began = clock === undefined ? 0n : this.#frame.environment.sample({ kind: 'clock', clock })
    this.#warnUnless(this.maps.store(map, this.#value(callKey), began), 'too-many-calls', span)
  }

  #passCall({ map }: Statement & { op: 'pass-call' }): void {
    const key = this.#value(callKey)
    const kept = this.maps.load(map, key)
    if (kept !== undefined) this.maps.store(map, key, integerOf(kept) | ON_ITS_WAY)
  }

  #receiveCall({ map }: Statement & { op: 'receive-call' }): void {
    const key = this.#value(callKey)
    const kept = integerOf(this.maps.load(map, key) ?? 0n)
    if ((kept & ON_ITS_WAY) === 0n) this.maps.delete(map, key)
    else this.maps.store(map, key, kept - ON_ITS_WAY)
  }

  #takeCall({ map, local }: Statement & { op: 'take-call' }): Ending {
    const key = this.#value(callKey)
    const began = this.maps.load(map, key)
    if (began === undefined) return 'return'
    this.maps.delete(map, key)
    if (local !== undefined) this.#set(local, began)
    return 'next'
  }

  #aggregate({ map, value, span }: MapStatement & { op: 'map-aggregate' }, key: Value | undefined): void {
    const type = this.program.maps[map]?.value
    const isSeries = type?.kind === 'tseries'
    const nowNs = isSeries ? this.#frame.environment.sample({ kind: 'clock', clock: 'tai' }) : 0n
    this.#warnUnless(this.maps.aggregate(map, key, integerOf(this.#value(value)), nowNs), 'map-full', span)
  }

  #divide({ op, local, left, right, span }: DivideStatement): void {
    const [a, b] = [left, right].map((side) => BigInt.asUintN(64, integerOf(this.#value(side))))
    this.#warnUnless(b !== 0n, 'division-by-zero', span)
    const result = a === undefined || b === undefined || b === 0n ? 1n : op === 'divide' ? a / b : a % b
    this.#set(local, wrapTo(this.#type(local), result))
  }

  #join(statement: Statement & { op: 'join' }): void {
    const texts = readStrings(statement, this.#frame)
    this.#warnUnless(texts !== undefined, 'bad-address', statement.span)
    if (texts !== undefined) this.effects.push({ kind: 'join', event: statement.event, texts })
  }

  #loop({ body, step, span }: Statement & { op: 'loop' }): Ending {
    for (;;) {
      if (this.#isBeyondBound(span)) return 'return'
      const ending = this.statements(body)
      if (ending === 'break') return 'next'
      if (ending === 'return') return 'return'
      this.statements(step)
    }
  }

  /** The entries are those at the beginning of the loop. */
  #forEach({ map, local, body, span }: Statement & { op: 'for-each' }): Ending {
    for (const entry of this.maps.snapshot(map).entries) {
      if (this.#isBeyondBound(span)) return 'return'
      this.#set(local, this.#entryTuple(local, entry))
      const ending = this.statements(body)
      if (ending === 'break') return 'next'
      if (ending === 'return') return 'return'
    }
    return 'next'
  }

  #entryTuple(local: number, { key, value }: ReturnType<ProgramMaps['snapshot']>['entries'][number]): Value {
    const type = this.#type(local)
    if (type.kind !== 'tuple') return zeroOf(type)
    const { size, offsets } = tupleLayout(type.elements)
    const [, valueType] = type.elements
    const block = new Uint8Array(size)
    block.set(key ?? new Uint8Array(0), offsets[0])
    if (valueType === undefined) return block
    const shown = isState(value) ? reducedValue(value) : readValue(value, 0, valueType)
    writeValue(block, offsets[1] ?? 0, valueType, shown)
    return block
  }

  #isBeyondBound(span: Span): boolean {
    const isBeyond = ++this.#turns > this.program.config.maxLoopTurns
    this.#warnUnless(!isBeyond, 'loop-bound', span)
    return isBeyond
  }

  #keepRead({ local, span }: { readonly local: number; readonly span: Span }, value: ReadValue): void {
    this.#warnUnless(value !== undefined, 'bad-address', span)
    this.#set(local, valueOrZero(value, this.#type(local)))
  }

  #warnUnless(fine: boolean, kind: RunWarning['kind'], span: Span): void {
    if (fine) return
    const key = `${kind} ${span.start}`
    this.warnings.set(key, { kind, span, count: (this.warnings.get(key)?.count ?? 0) + 1 })
  }

  #value(expression: Parameters<typeof evaluate>[0]): Value {
    return evaluate(expression, this.#frame)
  }

  #type(local: number) {
    return localType(this.handler.locals, local)
  }

  #set(local: number, value: Value): void {
    this.#frame.locals[local] = value
  }
}
