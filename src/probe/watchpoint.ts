import { type Address, address } from '../bytes/address.js'
import { type Refusal, refuse } from '../refusal/refusal.js'

/**
 * An access that the user asked to watch for: `watchpoint:ADDRESS:LENGTH:MODE`, or `w:…`, in bpftrace's words. An access
 * counts when it touches any of the bytes.
 */
export interface Watchpoint {
  readonly kind: 'watchpoint'
  /** As the user wrote it. */
  readonly text: string
  readonly address: Address
  readonly length: WatchedLength
  readonly access: WatchedAccess
}

export type WatchedAccess = 'execute' | 'write' | 'read-write'
export type WatchedLength = (typeof lengths)[number]

const lengths = [1, 2, 4, 8] as const

/** Sorted letters of the mode; the processor has no others (Intel SDM, vol. 3, “Debug Control Register (DR7)”). */
const accesses: ReadonlyMap<string, WatchedAccess> = new Map([
  ['w', 'write'],
  ['rw', 'read-write'],
  ['x', 'execute'],
])

/** The kernel wants this of breakpoints on instructions, whatever the instruction (arch/x86/kernel/hw_breakpoint.c). */
const LENGTH_OF_EXECUTE = 8

/** User space ends below, with paging of five levels; below 2^47 with four. */
const USER_END = 1n << 56n

/** Whether the text is of this probe type. `w:main` is none: there `w` is a module of that name. */
export function isWatchpoint(text: string): boolean {
  return /^\s*(?:(?:async)?watchpoint:|a?w:[^:]*:[^:]*:[^:]*$)/.test(text)
}

/** Reads a watchpoint, or says what is wrong with it. */
export function parseWatchpoint(text: string): Watchpoint | Refusal {
  const [type = '', where = '', length = '', mode = '', ...more] = text.trim().split(':')
  if (type.startsWith('a')) return bad(text, 'ring3 has no asyncwatchpoint; write watchpoint')
  if (mode === '' || more.length > 0)
    return bad(text, 'a watchpoint is watchpoint:ADDRESS:LENGTH:MODE, for example watchpoint:0x601040:8:w')
  if (/\+arg\d+$/.test(where))
    return bad(text, `the address cannot be an argument of a function yet (${where}); write a number`)
  return parseRange(text, where, length, mode)
}

function parseRange(text: string, where: string, length: string, mode: string): Watchpoint | Refusal {
  if (!/^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(where)) return bad(text, `${where} is no address; write it as 0x601040`)
  const at = BigInt(where)
  if (at >= USER_END) return bad(text, `${where} is no address of a process`)
  const size = lengths.find((each) => String(each) === length)
  if (size === undefined) return bad(text, `the length must be 1, 2, 4 or 8, not ${length}`)
  const access = parseMode(text, mode)
  if (typeof access !== 'string') return access
  const unfit = checkRange(text, at, size, access)
  return unfit ?? { kind: 'watchpoint', text, address: address(at), length: size, access }
}

function parseMode(text: string, mode: string): WatchedAccess | Refusal {
  const letters = Array.from(mode).sort()
  if (!/^[rwx]+$/.test(mode) || new Set(letters).size < letters.length)
    return bad(text, `the mode consists of r, w and x, each at most once, and is not ${mode}`)
  return accesses.get(letters.join('')) ?? unwatchable(text, modeProblem(mode))
}

function modeProblem(mode: string): string {
  return mode === 'r'
    ? 'x86-64 cannot watch for reading alone; rw watches for reading and writing'
    : `x86-64 cannot watch for ${mode} at once; it has w, rw and x`
}

function checkRange(text: string, at: bigint, length: WatchedLength, access: WatchedAccess): Refusal | undefined {
  if (access === 'execute') {
    return length === LENGTH_OF_EXECUTE
      ? undefined
      : unwatchable(text, 'the length of x is 8, whatever the length of the instruction')
  }
  return at % BigInt(length) === 0n
    ? undefined
    : unwatchable(
        text,
        `the address must be a multiple of ${length}, which is how debug registers watch ${length} bytes`,
      )
}

function bad(text: string, problem: string): Refusal {
  return refuse('bad-pattern', printable(`‘${text}’: ${problem}`))
}

function unwatchable(text: string, problem: string): Refusal {
  return refuse('unwatchable-access', printable(`‘${text}’: ${problem}`))
}

/** Control characters would reach the terminal. */
function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, '?')
}
