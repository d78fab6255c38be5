import { type Address, hex, offsetBy } from '../../../src/bytes/address.js'
import { assert } from '../../../src/bytes/assert.js'
import type { RelocatedCode } from '../../../src/isa/site-analysis.js'
import { registerNames } from '../../../src/isa/x64/registers.js'
import { takeExit } from '../../../src/isa/x64/take-exit.js'
import { x64 } from '../../../src/isa/x64/x64.js'
import { isRefusal, type Refusal } from '../../../src/refusal/refusal.js'
import { CODE_AT } from './machine-memory.js'
import type { Killed } from './native-runner.js'
import type { Case } from './random-case.js'
import { type Outcome, PLACE_SIZE, type Run, type ThreadState } from './run-record.js'
import { singleSite } from './single-site.js'
import { memoryDifference, type Place, stateDifference, vectorDifference } from './state-difference.js'
import { differs, type Executed, nativeRun, notServed, same, type Verdict, type Way } from './way.js'

/** The instruction as `relocate` moves it, followed by a jump back, with an int3 over the original. */
export function relocatedWay(name: string, place: Address): Way {
  return {
    name,
    compare(executed, runner) {
      const moved = executed.map(({ subject }) => relocated(subject, place))
      const runs = moved.flatMap((each, index) => runsOf(executed[index]?.subject, each, place))
      const outcomes = runner.execute(runs)[Symbol.iterator]()
      return executed.map((each, index) => {
        const code = moved[index]
        assert(code !== undefined, 'one for each')
        if (isRefusal(code)) return notServed(code.because.replaceAll(/0x[0-9a-f]+/g, '…'))
        return verdict(each, code, place, outcomes)
      })
    },
  }
}

function relocated(subject: Case, place: Address): RelocatedCode | Refusal {
  const site = singleSite(subject.bytes, CODE_AT)
  const code = x64.relocate(site, CODE_AT, place)
  if (isRefusal(code)) return code
  const back = x64.encodeJump(offsetBy(place, code.bytes.length), offsetBy(CODE_AT, subject.bytes.length), 14)
  assert(!isRefusal(back), 'an absolute jump reaches everything')
  const bytes = site.fallsThrough ? Buffer.concat([code.bytes, back]) : code.bytes
  assert(bytes.length <= PLACE_SIZE, 'moved code fits the record')
  return { ...code, bytes }
}

/** Once through, and once stopping before every instruction where there is a middle to stop in. */
function runsOf(subject: Case | undefined, code: RelocatedCode | Refusal, place: Address): Run[] {
  if (subject === undefined || isRefusal(code)) return []
  const trapped = subject.bytes.slice()
  trapped[0] = 0xcc
  const run: Run = {
    ...nativeRun(subject),
    start: place,
    code: trapped,
    placed: { at: place, bytes: code.bytes },
  }
  return isStepped(subject, code) ? [run, { ...run, traced: true }] : [run]
}

/** A system call sees the trap flag. */
function isStepped({ form }: Case, code: RelocatedCode): boolean {
  return code.exits.length > 0 && form.name !== 'Syscall'
}

function verdict(
  executed: Executed,
  code: RelocatedCode,
  place: Address,
  outcomes: Iterator<Outcome | Killed>,
): Verdict {
  const once = outcomes.next().value
  const stepped = isStepped(executed.subject, code) ? outcomes.next().value : undefined
  if (once === undefined || 'killedBy' in once) return differs(`the runner died: ${once?.killedBy}`)
  const difference = outcomeDifference(executed, once, code, place) ?? stepDifference(executed, code, place, stepped)
  return difference === undefined ? same : differs(difference)
}

const RSP = 4
const SIGTRAP = 5
const SIGALRM = 14

function outcomeDifference(
  { subject, native }: Executed,
  moved: Outcome,
  code: RelocatedCode,
  place: Address,
): string | undefined {
  if (native.signal === SIGALRM || moved.signal === SIGALRM) return undefined
  if (native.signal !== moved.signal || native.code !== moved.code) {
    return `signal ${moved.signal} (code ${moved.code}, at ${hex(moved.rip)}), not ${native.signal} (code ${native.code})`
  }
  const left = leave(moved, code, place)
  if (typeof left === 'string') return left
  const faultAddress = moved.address === moved.rip ? left.rip : moved.address
  if (faultAddress !== native.address) return `si_addr is ${hex(faultAddress)}, not ${hex(native.address)}`
  return (
    stateDifference(native, left) ??
    vectorDifference(native, moved) ??
    memoryDifference(
      native,
      moved,
      (at) => isDeadStack(subject, code, at) || (native.signal !== SIGTRAP && isPushed(subject, code, at)),
    )
  )
}

/** Below the red zone, where moved code borrows a register. */
function isDeadStack({ registers }: Case, { exits }: RelocatedCode, at: bigint): boolean {
  const below = (registers[RSP] ?? 0n) - at
  return exits.length > 0 && below > 120n && below <= 128n + 64n
}

/** Where a call has pushed its return address already when its operand faults. */
function isPushed({ registers }: Case, { exits }: RelocatedCode, at: bigint): boolean {
  const below = (registers[RSP] ?? 0n) - at
  return exits.length > 0 && below > 0n && below < 16n
}

/** What the thread is like moved out of the relocated code, or what is missing for that. */
function leave(state: ThreadState, { points, exits }: RelocatedCode, place: Address): Place | string {
  const offset = Number(state.rip - place)
  if (offset < 0 || offset >= PLACE_SIZE) return state
  const point = points.find(({ relocated: at }) => at === offset)
  if (point !== undefined) return { ...state, rip: offsetBy(CODE_AT, point.original) }
  const exit = exits.find(({ relocated: at }) => at === offset)
  if (exit === undefined) return `a thread can stand ${offset} bytes into the moved code, and there is no exit`
  const registers = [...state.registers]
  const rip = takeExit(exit, CODE_AT, {
    get: (register) => registers[registerNames.indexOf(register)] ?? 0n,
    set: (register, value) => {
      registers[registerNames.indexOf(register)] = value
    },
    readWord: (at) => state.stack.readBigUInt64LE(Number(at - (state.registers[RSP] ?? 0n))),
  })
  return { flags: state.flags, registers, rip }
}

/** RelocatedCode out at any boundary, a thread is before the instruction, or behind it. */
function stepDifference(
  { subject, native }: Executed,
  code: RelocatedCode,
  place: Address,
  stepped: Outcome | Killed | undefined,
): string | undefined {
  if (stepped === undefined) return undefined
  if ('killedBy' in stepped) return `the runner died: ${stepped.killedBy}`
  const before: Place = { rip: CODE_AT, registers: subject.registers, flags: subject.flags }
  const behind: Place = native.signal === SIGTRAP ? { ...native, rip: offsetBy(native.rip, -1) } : native
  for (const step of stepped.steps) {
    const left = leave(step, code, place)
    if (typeof left === 'string') return left
    const difference = stateDifference(left.rip === CODE_AT ? before : behind, left)
    if (difference !== undefined) return `left at ${step.rip - place} bytes: ${difference}`
  }
  return undefined
}
