import type { Expression } from '../ir/expression.js'
import type { CallRequest, Handler, MapDeclaration, PlacedProbe, Program, ProgramConfig } from '../ir/program.js'
import type { Statement } from '../ir/statement.js'
import { boolType, integer, uint64, type ValueType } from '../ir/value-type.js'
import { NUMBERS } from '../record/call-builder.js'

/** Patterns of functions. */
export interface CallPatterns {
  /** A tree begins where one of these is called. */
  readonly roots: readonly string[]
  /** Looked at inside of trees. */
  readonly inner: readonly string[]
  /** Left out of trees, with all that they call. */
  readonly cut: readonly string[]
  /** Not looked at. */
  readonly without: readonly string[]
  /** Of those that are not named one by one, also what only a dear mechanism reaches. */
  readonly all: boolean
  /** The thread that is looked at; all, if undefined. */
  readonly tid: number | undefined
}

/** The events of a call program, and the handlers that emit them. */
export const CALL_EVENTS = ['entry', 'return', 'tail-jump'] as const
/** The values of all these events, in order: see `CallEvent`. */
export const CALL_COLUMNS = ['place', 'timeNs', 'tid', 'function', 'number', 'jump'] as const
/** The handlers at beginnings of functions, by what the function is. */
export const ENTRY_HANDLERS = ['root', 'cut', 'inner'] as const

const AT_RETURNS = ENTRY_HANDLERS.length
const AT_TAIL_JUMPS = AT_RETURNS + 1

/** Threads that may ever have been in a root. */
const MAX_THREADS = 65_536
/** Of 4096 bytes: a thread may be in a hurry. */
const RING_PAGES = 1024

/**
 * The program that tells of the calls inside of some functions. Of each thread it keeps, in one word, where the outermost root that
 * it is in has its return address (0 outside of roots), and below that how many events it has emitted: a gap in these numbers tells
 * that some were lost. Outside of roots nothing is emitted. A thread that is seen above its root has left it.
 */
export function callProgram(patterns: CallPatterns): Program {
  const { roots, inner, cut, without, all, tid } = patterns
  const place = placer()
  // The first probe that names a function has it.
  const handlers = [
    handlerOf(
      roots.map((pattern) => ({ ...place(pattern), modules: 'open' })),
      enter(true),
      tid,
    ),
    handlerOf(cut.map(place), enter(false), tid),
    handlerOf(
      [...inner.map(place), { ...place('*:*'), modules: 'opened' as const }].map((probe) =>
        all ? probe : { ...probe, isOptional: true },
      ),
      enter(false),
      tid,
    ),
    handlerOf([], leave(true), tid),
    handlerOf([], leave(false), tid),
  ]
  return {
    handlers,
    maps: [threads],
    events: CALL_EVENTS.map(() => ({ kind: 'row', types: [uint64, uint64, uint32, uint32, uint32, uint32] })),
    records: new Map(),
    enums: new Map(),
    config,
    calls: { atReturns: AT_RETURNS, atTailJumps: AT_TAIL_JUMPS, without },
  }
}

const uint32 = integer(32, false)

const threads: MapDeclaration = {
  name: 'threads in roots',
  key: uint32,
  value: uint64,
  maxKeys: MAX_THREADS,
  isHidden: true,
}

const config: ProgramConfig = {
  maxMapKeys: MAX_THREADS,
  maxStringLength: 64,
  maxCatBytes: 0,
  stringTrailer: '',
  printMapsOnExit: false,
  missingProbes: 'error',
  maxLoopTurns: 0,
  ringPages: RING_PAGES,
}

const span = { start: 0, end: 0 }

/** Places patterns one behind the other, as `callText` writes them. */
function placer(): (pattern: string) => CallRequest & PlacedProbe {
  let start = 0
  return (pattern) => {
    const end = start + pattern.length
    const request = { kind: 'call', text: `call:${pattern}`, pattern, span: { start, end } } as const
    start = end + 1
    return request
  }
}

/** What spans of the program’s probes are part of. */
export function callProgramText({ roots, cut, inner }: CallPatterns): string {
  return [...roots, ...cut, ...inner].join('\n')
}

/** Locals: the thread’s word, the place of its root, the time. */
const [WORD, ROOT, NOW] = [0, 1, 2]

function handlerOf(probes: readonly PlacedProbe[], body: readonly Statement[], tid: number | undefined): Handler {
  const isOther = binary('is-different', boolType, ofThread, constant(BigInt(tid ?? 0)))
  const first: Statement[] = tid === undefined ? [] : [ifSo(isOther, [{ op: 'return' }])]
  const load: Statement[] = [
    { op: 'map-load', local: WORD, map: 0, key: ofThread, span },
    { op: 'set', local: ROOT, value: binary('shift-right', uint64, local(WORD), constant(NUMBER_BITS)) },
  ]
  const locals = ['%word', '%root', '%now'].map((name) => ({ name, type: uint64 }))
  return { probes, locals, body: [...first, ...load, ...body] }
}

/** A root inside of another one is a call like all others. */
function enter(isRoot: boolean): Statement[] {
  const begin: Statement[] = [ifSo(isOutside, [{ op: 'set', local: ROOT, value: place }])]
  return [...(isRoot ? begin : leaveRootAbove()), ...tell('entry')]
}

/** Whoever is left at the place of the root leaves the root, but for those who jump to another function there. */
function leave(isReturn: boolean): Statement[] {
  const atRoot = binary('is-equal', boolType, place, local(ROOT))
  const end: Statement[] = isReturn ? [ifSo(atRoot, [noRoot])] : []
  const gone: Statement = ifSo(isOutside, [noRoot])
  return [ifSo(isNoRoot, [{ op: 'return' }]), gone, ...end, ...tell(isReturn ? 'return' : 'tail-jump')]
}

/** What has seen the thread above its root is the last event of the tree. */
function leaveRootAbove(): Statement[] {
  return [ifSo(isNoRoot, [{ op: 'return' }]), ifSo(isOutside, [noRoot])]
}

function tell(kind: (typeof CALL_EVENTS)[number]): Statement[] {
  const number = binary('and', uint64, local(WORD), constant(BigInt(NUMBERS - 1)))
  const next = binary('and', uint64, binary('add', uint64, local(WORD), constant(1n)), constant(BigInt(NUMBERS - 1)))
  const root = binary('shift-left', uint64, local(ROOT), constant(NUMBER_BITS))
  const columns: Readonly<Record<(typeof CALL_COLUMNS)[number], Expression>> = {
    place,
    timeNs: local(NOW),
    tid: ofThread,
    function: { op: 'input', type: uint64, input: { kind: 'probe-name' } },
    number,
    jump: { op: 'input', type: uint64, input: { kind: 'register', name: 'ip' } },
  }
  return [
    { op: 'map-store', map: 0, key: ofThread, value: binary('or', uint64, root, next), span },
    { op: 'sample', local: NOW, source: { kind: 'clock', clock: 'boot' } },
    {
      op: 'emit',
      event: CALL_EVENTS.indexOf(kind),
      values: CALL_COLUMNS.map((name) =>
        name === 'place' || name === 'timeNs' ? columns[name] : cut32(columns[name]),
      ),
    },
  ]
}

/** Places on the stack are below 2^47. */
const NUMBER_BITS = 16n

const place: Expression = { op: 'input', type: uint64, input: { kind: 'register', name: 'sp' } }
const ofThread: Expression = { op: 'input', type: uint32, input: { kind: 'tid' } }
const isNoRoot = binary('is-equal', boolType, local(ROOT), constant(0n))
/** True outside of roots, too. */
const isOutside = binary('is-below', boolType, local(ROOT), place)
const noRoot: Statement = { op: 'set', local: ROOT, value: constant(0n) }

function local(at: number): Expression {
  return { op: 'local', type: uint64, local: at }
}

function constant(value: bigint): Expression {
  return { op: 'constant', type: uint64, value }
}

function cut32(value: Expression): Expression {
  return { op: 'convert', type: uint32, value }
}

function binary(
  op: 'add' | 'and' | 'or' | 'shift-left' | 'shift-right' | 'is-equal' | 'is-different' | 'is-below',
  type: ValueType,
  left: Expression,
  right: Expression,
): Expression {
  return { op, type, left, right }
}

function ifSo(condition: Expression, consequent: readonly Statement[]): Statement {
  return { op: 'if', condition, consequent, alternative: [] }
}
