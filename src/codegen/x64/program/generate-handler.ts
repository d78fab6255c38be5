import { assert } from '../../../bytes/assert.js'
import type { Handler } from '../../../ir/program.js'
import type { Statement } from '../../../ir/statement.js'
import { contains } from '../../../ir/walk-expression.js'
import { evaluates, hasStatement, operandsOf, statementsIn } from '../../../ir/walk-statement.js'
import { type Refusal, refuse } from '../../../refusal/refusal.js'
import { Assembler, type Label, type Register, RSP } from '../assembler.js'
import type { Fixup } from '../hit-code.js'
import { assignLocals } from './assign-locals.js'
import { clobber, type Emission, type HandlerRequest, newLabel } from './emission.js'
import { Encoder } from './encoder.js'
import { emitIfKnown, type PointRange } from './followed-calls.js'
import { Frame } from './frame.js'
import { HitState, type Needs } from './hit-state.js'
import { Literals } from './literals.js'
import { handlerRanges } from './live-ranges.js'
import { NotGenerated, OutOfRegisters } from './not-generated.js'
import { RegisterPool } from './register-pool.js'
import { clearLocal } from './set-local.js'
import { hitRegister } from './simple-operand.js'
import { emitStatements } from './statements.js'
import type { Support } from './support.js'
import { registersOfStack } from './take-stack.js'
import { needsThread, usesSlot } from './uses-slot.js'

/** What a handler costs where it runs. */
export interface HandlerCost {
  /** Registers that it saves and restores, or that are dead. */
  readonly clobbered: readonly Register[]
  /** Below the red zone. What runs rarely, or works on maps, may take 144 more. */
  readonly stackBytes: number
}

/** A handler whose hot code has been emitted. */
export interface EmittedHandler extends HandlerCost {
  readonly fixups: readonly Fixup[]
  /** Emits the rest, away from the hot code. */
  readonly emitCold: () => void
}

/**
 * Emits a handler at the assembler's position. The code begins with the registers and the stack of the hit, and runs on behind its
 * end with everything as it was: whoever places the displaced instructions there has nothing to save. A refusal (`not-compiled`) if
 * there is no machine code for something in it; then nothing is emitted.
 *
 * What a caller does, for an area of code with handlers of one program:
 *
 * 1. Lay out the data (`programLayout`), and choose its address: private anonymous memory of `layout.size` bytes, zero, wiped on
 *    fork, the same for all areas of the program. Before the first hit write CONTROL.live = 1, the clocks (CONTROL.tscBase to
 *    CONTROL.start) and CONTROL.seed. Nothing in the code is patched later: all addresses are in it.
 * 2. For each site, for each handler of the site in the script's order: `generateHandler` with one `Support` for the area, then the
 *    displaced instructions. `constant` answers for the inputs that are known at that site: `pid`, `uid`, `gid`, `child-pid`,
 *    `processors`, `probe-name` and `function-name` (the site's number), `is-named`, `symbol-address`, `reg("ip")`. Code is made for
 *    each site: it is small, and knows the site's dead registers. To share it between sites whose constants are the same, emit it once
 *    with nothing dead, `stackBelow` the bytes that the call to it pushes (the red zone skipped among them) and `redZone` 0.
 * 3. Behind all sites: `emitCold` of each handler, then `support.emit`.
 * 4. After `asm.finish()`, when labels have their positions: publish `fixups` for SIGSEGV and SIGBUS, before the first hit. Both
 *    signals must not be blocked. A thread that faults goes on at the landing with its registers as they were.
 * 5. Refuse a handler whose `stackBytes` the target's stacks may not have.
 *
 * A thread inside of a handler cannot be moved back to the site: wait until it has left; handlers do not block and have an end. Where
 * `comm` or `tid` is read, system calls are made (gettid, prctl): not under seccomp.
 */
export function generateHandler(asm: Assembler, request: HandlerRequest, support: Support): EmittedHandler | Refusal {
  return generate(asm, request, support, (emission) => emitStatements(emission, request.handler.body, undefined))
}

/**
 * Emits what leads around handlers: it runs on behind its end where one of these points may have a call at the place of the hit, and
 * goes to `otherwise` where none has. What is said above holds here, too; the request’s handler is `noHandler`.
 */
export function generateGuard(
  asm: Assembler,
  request: HandlerRequest,
  support: Support,
  { points, otherwise }: Guard,
): EmittedHandler | Refusal {
  const map = request.program.maps.findIndex(({ holdsCalls }) => holdsCalls === true)
  return generate(asm, request, support, (emission) => emitIfKnown(emission, map, points, otherwise))
}

export interface Guard {
  readonly points: PointRange
  readonly otherwise: Label
}

export const noHandler: Handler = { probes: [], locals: [], body: [] }

function generate(asm: Assembler, request: HandlerRequest, support: Support, body: Body): EmittedHandler | Refusal {
  try {
    const needs = findAnyNeeds(asm, request, support, body)
    const { emission, emitCold } = emitOnce(asm, request, support, needs, body)
    return {
      clobbered: [...needs.clobbered],
      stackBytes: emission.hit.stackBytes,
      fixups: emission.fixups,
      emitCold,
    }
  } catch (error) {
    if (error instanceof NotGenerated) return refuse('not-compiled', `There is no machine code for ${error.what} yet.`)
    throw error
  }
}

/** Registers kept for values inside of a statement: enough for nearly all; the more there are, the more locals live in the frame. */
const TEMPORARIES = 5
const ALL_TEMPORARIES = 10

type Body = (emission: Emission) => void

function findAnyNeeds(asm: Assembler, request: HandlerRequest, support: Support, body: Body): Needs {
  try {
    return findNeeds(asm, request, support, body, TEMPORARIES)
  } catch (error) {
    if (error instanceof OutOfRegisters) return findNeeds(asm, request, support, body, ALL_TEMPORARIES)
    throw error
  }
}

/** What registers it changes decides where it finds those of the hit, and that may change what it needs: asks until nothing changes. */
function findNeeds(
  { base }: Assembler,
  request: HandlerRequest,
  support: Support,
  body: Body,
  temporaries: number,
): Needs {
  const read = registersRead(request)
  let needs: Needs = { clobbered: new Set(), read, frameSize: 0, temporaries }
  for (let turn = 0; turn < 20; turn++) {
    const { emission, emitCold } = emitOnce(new Assembler(base), request, support, needs, body)
    emitCold()
    const clobbered = new Set([...needs.clobbered, ...emission.clobbered].toSorted((a, b) => a - b))
    const frameSize = Math.max(needs.frameSize, emission.frame.size)
    if (clobbered.size === needs.clobbered.size && frameSize === needs.frameSize) return needs
    needs = { clobbered, read, frameSize, temporaries }
  }
  assert(false, 'a handler needs no more registers than there are')
}

function emitOnce(
  asm: Assembler,
  request: HandlerRequest,
  support: Support,
  needs: Needs,
  body: Body,
): { readonly emission: Emission; readonly emitCold: () => void } {
  const code = new Encoder(asm)
  const frame = new Frame()
  const ranges = handlerRanges(request.handler, (statement) => usesSlot(statement, request))
  const supply = { registers: registersFor(request, needs), temporaries: needs.temporaries }
  const assignment = assignLocals(request.handler, ranges, supply, frame)
  const turns = hasLoop(request.handler.body) ? frame.take(8) : undefined
  const end: Label = newLabel()
  const emission: Emission = {
    code,
    request,
    support,
    frame,
    end,
    turns,
    pool: new RegisterPool(assignment.temporaries),
    hit: new HitState(request, needs, request.stackBelow),
    literals: new Literals(),
    locals: assignment.locals,
    slot: assignment.slot,
    slotIsFoundAt: ranges.slot?.foundAt,
    foundSlot: { done: false },
    identifiesThread: readsThread(request.handler.body, request),
    clobbered: new Set(),
    fixups: [],
    cold: [],
  }
  clobber(emission, ...[...assignment.locals.values(), assignment.slot].filter((place) => typeof place === 'number'))
  emission.hit.emitSave(code)
  if (turns !== undefined) code.storeImmediate(turns, BigInt(request.program.config.maxLoopTurns), 8)
  for (const local of assignment.zeroed) clearLocal(emission, local)
  body(emission)
  code.bind(end)
  emission.hit.emitRestore(code)
  return { emission, emitCold: () => emitRest(emission) }
}

function emitRest({ cold, literals, code }: Emission): void {
  // Cold code may have cold code of its own.
  for (const emit of cold) emit()
  literals.emit(code.asm)
}

/** Those that hold values, in order of preference; the others are work registers. */
const valueRegisters: readonly Register[] = [11, 10, 9, 8, 3, 5, 12, 13, 14, 15]

/** Dead ones first, since they need not be saved; none that the handler reads. */
function registersFor({ deadRegisters }: HandlerRequest, { read }: Needs): Register[] {
  const usable = valueRegisters.filter((register) => !read.has(register))
  const isDead = (register: Register): boolean => deadRegisters.includes(register)
  return [...usable.filter(isDead), ...usable.filter((register) => !isDead(register))]
}

/** Registers of the hit whose values a handler reads. */
export function registersRead(request: Pick<HandlerRequest, 'handler' | 'constant' | 'stackStart'>): Set<Register> {
  const { handler, constant } = request
  const read = new Set<Register>()
  for (const statement of statementsIn(handler.body)) {
    if (statement.op === 'take-stack') for (const register of registersOfStack(request)) read.add(register)
    for (const operand of operandsOf(statement)) {
      contains(operand, (part) => {
        const register = part.op === 'input' && constant(part.input) === undefined ? hitRegister(part.input) : undefined
        if (register !== undefined && register !== RSP) read.add(register)
        return false
      })
    }
  }
  return read
}

function readsThread(body: readonly Statement[], request: HandlerRequest): boolean {
  return hasStatement(body, (statement) => evaluates(statement, (part) => needsThread(part, request)))
}

function hasLoop(body: readonly Statement[]): boolean {
  return hasStatement(body, ({ op }) => op === 'loop' || op === 'for-each')
}
