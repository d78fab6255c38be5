import type { Register } from './assembler.js'

/**
 * How to undo what a trampoline has done so far to a thread that stands before the displaced instructions: the thread is
 * then back at the site. Offsets are from the thread's stack pointer.
 */
export interface Rewinding {
  readonly restored: readonly { readonly register: Register; readonly stackOffset: number }[]
  readonly stackDelta: number
  /** Where the program's arithmetic flags are: `ax` holds them as `lahf; seto %al` left them. */
  readonly flags: 'in-eflags' | 'in-ax' | 'overflow-in-eflags'
}

/**
 * A `nop` at the beginning of a trampoline: what comes behind it cannot be undone. Threads in it are let run on, also by
 * whoever knows nothing of it but its bytes.
 */
export const NOT_REWOUND = 0x90

interface State {
  /** Stack pointer, from what it was at the site. */
  depth: number
  readonly saved: Map<Register, number>
  flags: Rewinding['flags']
}

type Effect = (state: State, ...parts: string[]) => void

const none: Effect = () => {}
const rex = '(4[0-9a-f])?'

/** Every instruction that stands before the displaced ones, in hex, with what it does to stack and flags. */
const forms: readonly (readonly [RegExp, Effect])[] = [
  [/^488d6424(..)/, (state, delta) => moveStack(state, Buffer.from(delta ?? '', 'hex').readInt8())],
  [/^488da424(.{8})/, (state, delta) => moveStack(state, Buffer.from(delta ?? '', 'hex').readInt32LE())],
  [/^(41)?5([0-7])/, (state, extended, low) => push(state, registerOf(extended, low))],
  [/^(41)?5([89a-f])/, (state, extended, low) => pop(state, registerOf(extended, low))],
  [/^9f/, none],
  [/^0f90c0/, (state) => setFlags(state, 'in-ax')],
  [/^047f/, (state) => setFlags(state, 'overflow-in-eflags')],
  [/^9e/, (state) => setFlags(state, 'in-eflags')],
  [/^644[8c]8b..2500000000/, none],
  [new RegExp(`^${rex}69.{10}`), none],
  [new RegExp(`^${rex}c1....`), none],
  [new RegExp(`^${rex}81.{10}`), none],
  [/^4[0-9a-f](03|8b).{10}/, none],
  [/^4[0-9a-f]39.4.{10}/, none],
  [/^4[0-9a-f]39.c.{10}/, none],
  [/^4[0-9a-f]39.{10}/, none],
  [/^0f85.{8}/, none],
  [/^(f0)?4[0-9a-f]ff84.{10}/, none],
  [/^(f0)?4[0-9a-f]ff.{10}/, none],
  [new RegExp(`^f3${rex}0fc7..`), none],
]

/** Reads the code from the beginning of a trampoline up to where a thread stands. Undefined for code it does not know. */
export function rewindingFor(executed: Uint8Array): Rewinding | undefined {
  const state: State = { depth: 0, saved: new Map(), flags: 'in-eflags' }
  for (let rest = Buffer.from(executed).toString('hex'); rest !== ''; ) {
    const length = step(state, rest)
    if (length === undefined) return undefined
    rest = rest.slice(length)
  }
  const restored = [...state.saved].map(([register, at]) => ({ register, stackOffset: at - state.depth }))
  return { restored, stackDelta: -state.depth, flags: state.flags }
}

function step(state: State, code: string): number | undefined {
  for (const [form, effect] of forms) {
    const match = form.exec(code)
    if (match === null) continue
    effect(state, ...match.slice(1))
    return match[0].length
  }
  return undefined
}

function registerOf(extended: string | undefined, low: string | undefined): Register {
  return (Number.parseInt(low ?? '', 16) & 7) | (extended === undefined ? 0 : 8)
}

function moveStack(state: State, delta: number): void {
  state.depth += delta
}

function push(state: State, register: Register): void {
  state.depth -= 8
  state.saved.set(register, state.depth)
}

function pop(state: State, register: Register): void {
  state.depth += 8
  state.saved.delete(register)
}

function setFlags(state: State, flags: Rewinding['flags']): void {
  state.flags = flags
}

/** SF, ZF, AF, PF and CF: what `lahf` loads. */
const LAHF_FLAGS = 0xd5n
const OVERFLOW = 1n << 11n

/** The program's flags, given what eflags and rax hold. */
export function flagsOf(rewinding: Rewinding, eflags: bigint, rax: bigint): bigint {
  if (rewinding.flags === 'in-eflags') return eflags
  const arithmetic = (eflags & ~LAHF_FLAGS) | ((rax >> 8n) & LAHF_FLAGS)
  if (rewinding.flags === 'overflow-in-eflags') return arithmetic
  return (arithmetic & ~OVERFLOW) | ((rax & 0xffn) === 0n ? 0n : OVERFLOW)
}
