import { ALL_FLAGS, effectsOf, endsKnowledge } from '../../../src/isa/x64/effects.js'
import { AF, CF, eflagsOf, OF, PF, SF, ZF } from '../../../src/isa/x64/emulate/flags.js'
import { InstructionCursor } from '../../../src/isa/x64/instruction-cursor.js'
import { CODE_AT } from './machine-memory.js'
import type { Killed } from './native-runner.js'
import type { Case } from './random-case.js'
import type { Outcome, Run } from './run-record.js'
import { memoryDifference, stateDifference, vectorDifference } from './state-difference.js'
import { differs, type Executed, nativeRun, notServed, same, type Verdict, type Way } from './way.js'

/**
 * The instruction in place, with other values in what liveness says that it overwrites unread: they must not show. Where
 * they do, a trampoline that used those registers would harm the program.
 */
export const scrambledWay: Way = {
  name: 'dead registers scrambled',
  compare(executed, runner) {
    const scrambled = executed.map(({ subject }) => scrambledRun(subject))
    const outcomes = runner.execute(scrambled.filter((run) => run !== undefined))[Symbol.iterator]()
    return executed.map((each, index) => {
      if (scrambled[index] === undefined) return notServed('overwrites nothing')
      return verdict(each, outcomes.next().value)
    })
  },
}

/** In the order of the bits of an effect (src/isa/x64/effects.ts). */
const flags = [CF, PF, AF, ZF, SF, OF]
const FLAG_SHIFT = 16
const NOISE = 0x5aa5_3cc3_9669_c33cn

function scrambledRun(subject: Case): Run | undefined {
  const kills = killedBits(subject.bytes)
  if (kills === 0) return undefined
  const run = nativeRun(subject)
  const noise = flags.reduce((sum, flag, index) => ((kills >> (FLAG_SHIFT + index)) & 1 ? sum | flag : sum), 0n)
  return {
    ...run,
    registers: run.registers.map((value, index) => ((kills >> index) & 1 ? value ^ NOISE : value)),
    flags: run.flags ^ noise,
  }
}

function killedBits(bytes: Uint8Array): number {
  using cursor = new InstructionCursor(bytes, CODE_AT)
  if (!cursor.next() || endsKnowledge(cursor.instruction)) return 0
  return effectsOf(cursor.instruction, bytes, 0, bytes.length).kills & (ALL_FLAGS | 0xffff)
}

const SIGTRAP = 5

/** What faults or is interrupted has overwritten nothing yet: then only the ending counts. */
function verdict({ subject, native }: Executed, scrambled: Outcome | Killed | undefined): Verdict {
  if (scrambled === undefined || 'killedBy' in scrambled) return differs(`the runner died: ${scrambled?.killedBy}`)
  if (native.signal !== scrambled.signal) return differs(`signal ${scrambled.signal}, not ${native.signal}`)
  if (native.signal !== SIGTRAP) return same
  const difference =
    stateDifference(native, scrambled, eflagsOf(subject.undefinedFlags)) ??
    vectorDifference(native, scrambled) ??
    memoryDifference(native, scrambled, () => false)
  return difference === undefined ? same : differs(difference)
}
