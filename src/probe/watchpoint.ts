import { type Address, address, hex } from '../bytes/address.js'
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

/** The same of a variable, `watchpoint:MODULE:VARIABLE[+OFFSET]:LENGTH:MODE`: its address is another in each process. */
export interface WatchedVariable {
  readonly kind: 'variable'
  /** As the user wrote it. */
  readonly text: string
  readonly module: string
  readonly variable: string
  /** Bytes behind its beginning. */
  readonly offset: number
  readonly length: WatchedLength
  readonly access: WatchedAccess
}

/** An access. The thread has gone on since. */
export interface Access {
  readonly watchpoint: Watchpoint
  readonly tid: number
  /** struct user_regs_struct, behind the instruction that made it. */
  readonly registers: Uint8Array
  /** CLOCK_MONOTONIC */
  readonly atNs: bigint
}

export type AccessListener = (access: Access) => void

/** Two that watch for the same need one debug register. */
export function watchesTheSame(one: Watchpoint, other: Watchpoint): boolean {
  return one.address === other.address && one.length === other.length && one.access === other.access
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
  return /^\s*(?:(?:async)?watchpoint:|a?w:[^:]*:[^:]*(?::[^:]*){1,2}$)/.test(text)
}

const usage =
  'a watchpoint is watchpoint:ADDRESS:LENGTH:MODE or watchpoint:MODULE:VARIABLE:LENGTH:MODE, for example watchpoint:0x601040:8:w'

/** Reads a watchpoint, or says what is wrong with it. */
export function parseWatchpoint(text: string): Watchpoint | WatchedVariable | Refusal {
  const [type = '', ...parts] = text.trim().split(':')
  if (type.startsWith('a')) return bad(text, 'ring3 has no asyncwatchpoint; write watchpoint')
  const [mode = '', length = '', where = '', module, ...more] = parts.toReversed()
  if (mode === '' || parts.length < 3 || more.length > 0) return bad(text, usage)
  if (module === undefined && /\+arg\d+$/.test(where))
    return bad(text, `the address cannot be an argument of a function yet (${where}); write a number`)
  const size = lengths.find((each) => String(each) === length)
  if (size === undefined) return bad(text, `the length must be 1, 2, 4 or 8, not ${length}`)
  const access = parseMode(text, mode)
  if (typeof access !== 'string') return access
  const extent = { text, length: size, access }
  return module === undefined ? parseAddress(where, extent) : parseVariable(module, where, extent)
}

type Extent = Pick<Watchpoint, 'text' | 'length' | 'access'>

function parseAddress(where: string, extent: Extent): Watchpoint | Refusal {
  const { text } = extent
  if (!/^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(where)) return bad(text, `${where} is no address; write it as 0x601040`)
  const at = BigInt(where)
  return at < USER_END ? watchAt(address(at), extent) : bad(text, `${where} is no address of a process`)
}

function parseVariable(module: string, where: string, extent: Extent): WatchedVariable | Refusal {
  const { text, access } = extent
  const [, variable, offset = '0'] = /^([^+]+?)(?:\+(0x[0-9a-f]{1,8}|\d{1,10}))?$/i.exec(where) ?? []
  if (module === '' || variable === undefined) return bad(text, usage)
  if (access === 'execute') return bad(text, 'variables are not executed; write w or rw')
  return { kind: 'variable', module, variable, offset: Number(offset), ...extent }
}

/** What is to be watched, at an address; refused where the processor cannot. */
export function watchAt(at: Address, { text, length, access }: Extent): Watchpoint | Refusal {
  return checkRange(text, at, length, access) ?? { kind: 'watchpoint', text, address: at, length, access }
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

function checkRange(text: string, at: Address, length: WatchedLength, access: WatchedAccess): Refusal | undefined {
  if (access === 'execute') {
    return length === LENGTH_OF_EXECUTE
      ? undefined
      : unwatchable(text, 'the length of x is 8, whatever the length of the instruction')
  }
  return at % BigInt(length) === 0n
    ? undefined
    : unwatchable(
        text,
        `the address must be a multiple of ${length}, which is how debug registers watch ${length} bytes, and is ${hex(at)}`,
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
