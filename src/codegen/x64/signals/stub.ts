import { type Address, offsetBy } from '../../../bytes/address.js'
import { int32Bytes, jump, nearJump, relative32, shortJump } from '../../../isa/x64/machine-code.js'
import { isRefusal, type Refusal, refuse } from '../../../refusal/refusal.js'
import type { DisplacedCode } from '../trampolines.js'
import { interposedNumbers } from './interposed-calls.js'

/** A `syscall` that is made in the area instead. */
export interface InterposedCall {
  /** Bytes from the site to the `syscall`. */
  readonly offset: number
  /** Where the program goes on behind it. */
  readonly next: Address
  /** Its number is one of those interposed; otherwise the stub asks. */
  readonly numberKnown: boolean
  /** Encodes the instructions in front of the `syscall` to run at `to`. */
  relocate(to: Address): DisplacedCode | Refusal
}

const SYSCALL = [0x0f, 0x05]
const LEA_RCX_RELATIVE = [0x48, 0x8d, 0x0d]
const LEA_RCX_LENGTH = 7

/**
 * Code at `to` that does what the site does up to and with its `syscall`, through the service. Another call than those
 * interposed is made on the program's own stack with its own registers: it may be clone, vfork or exec.
 */
export function emitStub(call: InterposedCall, to: Address, service: Address): DisplacedCode | Refusal {
  const before = call.relocate(to)
  if (isRefusal(before)) return before
  const made = makeCall(call, offsetBy(to, before.bytes.length), service)
  if (made === undefined) return refuse('area-out-of-reach', 'the area is too far from the module')
  const points = made.points.map(({ original, relocated }) => ({
    original,
    relocated: relocated + before.bytes.length,
  }))
  const earlier = before.points.filter(({ original }) => original < call.offset)
  const bytes = Uint8Array.from([...before.bytes, ...made.bytes])
  return { bytes, points: [...earlier, ...points], exits: before.exits }
}

interface Piece {
  readonly bytes: readonly number[]
  readonly points: readonly { readonly original: number; readonly relocated: number }[]
}

/**
 * Begins like a `syscall`: two bytes, and behind them what follows once it has been made. A thread whose call is to be
 * restarted stands behind the call, and goes on there after all, with EINTR, if a signal's handler comes first.
 */
function makeCall(call: InterposedCall, at: Address, service: Address): Piece | undefined {
  const made = nearJump(offsetBy(at, SYSCALL.length), call.next)
  if (made === undefined) return undefined
  const beginning = [...shortJump(made.length), ...made]
  const from = offsetBy(at, beginning.length)
  const rest = call.numberKnown ? callService(call, from, service) : askNumber(call, from, service)
  if (rest === undefined) return undefined
  const points = rest.points.map(({ original, relocated }) => ({ original, relocated: relocated + beginning.length }))
  const own = [
    { original: call.offset, relocated: 0 },
    { original: call.offset + SYSCALL.length, relocated: SYSCALL.length },
  ]
  return { bytes: [...beginning, ...rest.bytes], points: [...own, ...points] }
}

/** `lea next(%rip), %rcx; jmp service` */
function callService({ offset, next }: InterposedCall, at: Address, service: Address): Piece | undefined {
  const behind = offsetBy(at, LEA_RCX_LENGTH)
  const distance = relative32(behind, next)
  if (distance === undefined) return undefined
  return {
    bytes: [...LEA_RCX_RELATIVE, ...int32Bytes(distance), ...jump(behind, service)],
    points: [0, LEA_RCX_LENGTH].map((relocated) => ({ original: offset, relocated })),
  }
}

/** For each number: `lea -number(%rax), %ecx; jecxz` to where the service is called. No flag and no stack is touched. */
function askNumber(call: InterposedCall, at: Address, service: Address): Piece | undefined {
  const questions = [...interposedNumbers].map(subtractNumber)
  const asked = questions.reduce((sum, question) => sum + question.length + JECXZ_LENGTH, 0)
  const back = nearJump(offsetBy(at, asked + SYSCALL.length), call.next)
  if (back === undefined) return undefined
  const otherwise = [...SYSCALL, ...back]
  const served = callService(call, offsetBy(at, asked + otherwise.length), service)
  if (served === undefined) return undefined
  const bytes: number[] = []
  const starts: number[] = []
  for (const question of questions) {
    starts.push(bytes.length, bytes.length + question.length)
    bytes.push(...question, ...JECXZ)
    bytes.push(asked + otherwise.length - (bytes.length + 1))
  }
  const own = [...starts, asked].map((relocated) => ({ original: call.offset, relocated }))
  const after = { original: call.offset + SYSCALL.length, relocated: asked + SYSCALL.length }
  const last = served.points.map(({ original, relocated }) => ({
    original,
    relocated: relocated + asked + otherwise.length,
  }))
  return { bytes: [...bytes, ...otherwise, ...served.bytes], points: [...own, after, ...last] }
}

const JECXZ = [0x67, 0xe3]
const JECXZ_LENGTH = 3

/** `lea -number(%rax), %ecx` */
function subtractNumber(number: number): number[] {
  return number <= 128 ? [0x8d, 0x48, -number & 0xff] : [0x8d, 0x88, ...int32Bytes(-number)]
}
