import type { Input } from '../ir/expression.js'
import { isOfThreads, type ProbeRequest, type Program } from '../ir/program.js'
import type { Statement } from '../ir/statement.js'
import { evaluates, statementsIn } from '../ir/walk-statement.js'
import { type Refusal, refuse } from '../refusal/refusal.js'
import { isKnownLater } from './sample.js'

/**
 * Why the handlers of a program cannot run when the thread has gone on since its hit: of that, the registers, the thread's
 * number and the time are known, and no more.
 */
export function objectionToLateHits(
  { handlers, maps }: Program,
  isLate: (probe: ProbeRequest) => boolean = isOfThreads,
): Refusal | undefined {
  for (const { probes, body } of handlers) {
    if (!probes.some(isLate)) continue
    const wanted = wantedOfThread(body, maps)
    if (wanted !== undefined)
      return refuse(
        'no-handler',
        `${wanted} cannot be had at a debug register: the thread has gone on when ring3 hears of it`,
      )
  }
  return undefined
}

/** What statements want to know of the thread that only the hit itself could tell. */
function wantedOfThread(body: readonly Statement[], maps: Program['maps']): string | undefined {
  for (const statement of statementsIn(body)) {
    const wanted = byStatement(statement, maps) ?? byOperands(statement)
    if (wanted !== undefined) return wanted
  }
  return undefined
}

function byStatement(statement: Statement, maps: Program['maps']): string | undefined {
  switch (statement.op) {
    case 'read':
    case 'read-string':
    case 'read-buffer':
    case 'join':
      return 'memory'
    case 'take-stack':
      return 'the stack'
    case 'send-signal':
      return 'signal()'
    case 'sample':
      return isKnownLater(statement.source) ? undefined : 'the processor, or the time of day,'
    case 'take-call':
      return statement.local === undefined ? undefined : 'when a call began,'
    case 'map-aggregate':
      return maps[statement.map]?.value.kind === 'tseries' ? 'tseries()' : undefined
    default:
      return undefined
  }
}

/** What a thread that has ended meanwhile does not have. */
const ofLivingThreads: ReadonlySet<Input['kind']> = new Set(['comm', 'uid', 'gid', 'user-name'])

function byOperands(statement: Statement): string | undefined {
  const asks = evaluates(statement, (part) => part.op === 'input' && ofLivingThreads.has(part.input.kind))
  return asks ? 'comm or an owner' : undefined
}
