import type { Handler, Local, MapDeclaration, Program } from '../ir/program.js'
import type { Statement } from '../ir/statement.js'
import { uint64 } from '../ir/value-type.js'

/** Calls that a program can know of at a time, beside those whose place is free: more are not noted, and their returns not told. */
const MAX_CALLS = 16_384

/**
 * Lets a program tell the returns of calls whose beginning it has seen from all others. What it knows is a map of its own: calls in
 * progress, by where on the stack their return address is, and by attach point. There the stack pointer is at a function’s first
 * instruction, and again when it returns, whatever came in between; so nothing has to be undone where an exception or longjmp ends
 * calls, and stacks may be switched. A handler of returns begins by looking there. A function that jumps to another one hands its
 * call over: see `ReturnHandlers`.
 */
export function followCalls(program: Program): Program {
  const [first] = program.handlers.flatMap(({ probes }) => probes.filter(isReturn))
  if (first === undefined) return program
  const map = program.maps.length
  const handlers = program.handlers
    .flatMap(apart)
    .map((handler) => (isOfReturns(handler) ? ofKnown(handler, map) : handler))
  const isTimed = handlers.some(({ locals }) => locals.some(holdsBeginning))
  const note: Statement = { op: 'note-call', map, clock: isTimed ? 'boot' : undefined, span: first.span }
  const atBeginnings = handlers.length
  return {
    ...program,
    maps: [...program.maps, callsInProgress],
    handlers: [...handlers, keeping(note), keeping({ op: 'pass-call', map }), keeping({ op: 'receive-call', map })],
    returns: { atBeginnings, atTailJumps: atBeginnings + 1, atFollowed: atBeginnings + 2 },
  }
}

/** It has no probes of its own: it runs for those of returns. */
function keeping(statement: Statement): Handler {
  return { probes: [], locals: [], body: [statement] }
}

const callsInProgress: MapDeclaration = {
  name: 'calls in progress',
  key: uint64,
  value: uint64,
  maxKeys: MAX_CALLS,
  isHidden: true,
  holdsCalls: true,
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
  const began = handler.locals.findIndex(holdsBeginning)
  const take: Statement = { op: 'take-call', map, local: began === -1 ? undefined : began }
  return { ...handler, body: [take, ...handler.body] }
}

function holdsBeginning({ holds }: Local): boolean {
  return holds === 'call-began'
}
