import type { Program } from '../ir/program.js'
import type { Span, Statement } from '../ir/statement.js'
import { statementsIn } from '../ir/walk-statement.js'

/** What can go wrong in a handler, which then goes on with a value that stands for it. */
export type WarningKind =
  | 'bad-address'
  | 'division-by-zero'
  | 'map-full'
  | 'too-many-calls'
  | 'no-such-key'
  | 'loop-bound'

/** A place in the script that can make a warning. */
export interface WarningPlace {
  readonly kind: WarningKind
  readonly span: Span
}

/** Every place of a program, each once, in the order of the script's statements. */
export function warningPlaces(program: Program): WarningPlace[] {
  const places = new Map<string, WarningPlace>()
  for (const statement of statementsIn(program.handlers.flatMap(({ body }) => body))) {
    const kind = warningKind(statement)
    if (kind === undefined || !('span' in statement)) continue
    const place = { kind, span: statement.span }
    places.set(placeKey(place), places.get(placeKey(place)) ?? place)
  }
  return [...places.values()]
}

/** Two places with the same key are one. */
export function placeKey({ kind, span }: WarningPlace): string {
  return `${kind} ${span.start}`
}

export function warningKind(statement: Statement): WarningKind | undefined {
  switch (statement.op) {
    case 'divide':
    case 'modulo':
      return 'division-by-zero'
    case 'read':
    case 'read-string':
    case 'read-buffer':
    case 'join':
      return 'bad-address'
    case 'note-call':
      return 'too-many-calls'
    case 'map-store':
    case 'map-aggregate':
      return 'map-full'
    case 'map-delete':
      return 'no-such-key'
    case 'loop':
    case 'for-each':
      return 'loop-bound'
    default:
      return undefined
  }
}
