import type { Expression } from '../ir/expression.js'
import type { Handler, MapDeclaration, Program } from '../ir/program.js'
import type { Span, Statement } from '../ir/statement.js'
import { boolType, uint64 } from '../ir/value-type.js'

/** Calls in progress that a program can know of at a time: more are not noted, and their returns not told. */
const MAX_CALLS = 16_384

/**
 * Lets a program tell the returns of calls whose beginning it has seen from all others. What it knows is a map of its own: calls in
 * progress, by where on the stack their return address is, and by attach point. There the stack pointer is at a function’s first
 * instruction, and again when it returns, whatever came in between; so nothing has to be undone where an exception or longjmp ends
 * calls, and stacks may be switched. A handler of returns begins by looking there.
 */
export function followCalls(program: Program): Program {
  const [first] = program.handlers.flatMap(({ probes }) => probes.filter(isReturn))
  if (first === undefined) return program
  const map = program.maps.length
  const handlers = program.handlers
    .flatMap(apart)
    .map((handler) => (isOfReturns(handler) ? ofKnown(handler, map) : handler))
  const noteCall: Handler = { probes: [], locals: [], body: [note(map, first.span)] }
  return {
    ...program,
    maps: [...program.maps, callsInProgress],
    handlers: [...handlers, noteCall],
    noteCall: handlers.length,
  }
}

const callsInProgress: MapDeclaration = {
  name: 'calls in progress',
  key: uint64,
  value: uint64,
  maxKeys: MAX_CALLS,
  isHidden: true,
}

function isReturn({ kind }: Handler['probes'][number]): boolean {
  return kind === 'uretprobe'
}

function isOfReturns({ probes }: Handler): boolean {
  return probes.some(isReturn)
}

/** A block for returns and other probes is one for each. */
function apart(handler: Handler): Handler[] {
  const returns = handler.probes.filter(isReturn)
  const others = handler.probes.filter((probe) => !isReturn(probe))
  return [others, returns].flatMap((probes) => (probes.length === 0 ? [] : [{ ...handler, probes }]))
}

/** The handler, for calls in progress only; they are no more. */
function ofKnown(handler: Handler, map: number): Handler {
  const span = handler.probes[0]?.span ?? { start: 0, end: 0 }
  const known = handler.locals.length
  const condition: Expression = { op: 'local', type: boolType, local: known }
  const body: Statement[] = [
    { op: 'map-has', local: known, map, key },
    { op: 'if', condition, consequent: [], alternative: [{ op: 'return' }] },
    { op: 'map-delete', local: known, map, key, span },
  ]
  return {
    probes: handler.probes,
    locals: [...handler.locals, { name: '%known', type: boolType }],
    body: [...body, ...handler.body],
  }
}

function note(map: number, span: Span): Statement {
  return { op: 'map-store', map, key, value: constant(1n), span, whenFull: 'too-many-calls' }
}

function constant(value: bigint): Expression {
  return { op: 'constant', type: uint64, value }
}

/** Stack pointers are multiples of 8 below 2^47: there is room below and above them. Attach points are fewer than 2^17. */
const POINT_BITS = 14n

/** The stack pointer and the number of the attach point, in one word. */
const key: Expression = {
  op: 'or',
  type: uint64,
  left: {
    op: 'shift-left',
    type: uint64,
    left: { op: 'input', type: uint64, input: { kind: 'register', name: 'sp' } },
    right: constant(POINT_BITS),
  },
  right: { op: 'input', type: uint64, input: { kind: 'probe-name' } },
}
