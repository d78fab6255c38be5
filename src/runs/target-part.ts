import { type Handler, isInTarget, type Program } from '../ir/program.js'
import type { Statement } from '../ir/statement.js'
import { isAggregate } from '../ir/value-type.js'
import { statementsIn } from '../ir/walk-statement.js'
import { type Refusal, refuse } from '../refusal/refusal.js'

/** Whether a handler runs where threads of the target are, or in the tracer, or both. */
function runsIn({ probes }: Handler, where: 'target' | 'tracer'): boolean {
  return probes.some((probe) => isInTarget(probe) === (where === 'target'))
}

/** The maps that handlers in the target use, by index. */
export function mapsOfTarget({ handlers }: Program): Set<number> {
  return new Set(statementsOf(handlers.filter((handler) => runsIn(handler, 'target'))).flatMap(mapOf))
}

/**
 * Why the handlers of a program cannot run in the target while those of BEGIN, END, interval and self run in the tracer: they
 * would change a map together in a way that needs them to be in step.
 */
export function objectionTo(program: Program): Refusal | undefined {
  const shared = mapsOfTarget(program)
  const here = statementsOf(program.handlers.filter((handler) => runsIn(handler, 'tracer')))
  const wrong = here.flatMap((statement) =>
    mapOf(statement).filter((map) => shared.has(map) && !isSafeFromOutside(program, statement, map)),
  )
  const [first] = wrong
  if (first === undefined) return undefined
  const name = program.maps[first]?.name ?? ''
  return refuse(
    'not-compiled',
    `${name} is changed by probes and by BEGIN, END, interval or self, and machine code cannot share it with these: use --via breakpoint`,
  )
}

/** Reading is, and storing a value without a key: one word, or a block that may be seen half-written as in bpftrace. */
function isSafeFromOutside({ maps }: Program, { op }: Statement, map: number): boolean {
  const declaration = maps[map]
  if (declaration === undefined) return false
  if (op === 'map-store') return declaration.key === undefined && !isAggregate(declaration.value)
  return op === 'map-load' || op === 'map-has' || op === 'map-length' || op === 'for-each'
}

function statementsOf(handlers: readonly Handler[]): Statement[] {
  return handlers.flatMap(({ body }) => [...statementsIn(body)])
}

function mapOf(statement: Statement): number[] {
  return 'map' in statement ? [statement.map] : []
}
