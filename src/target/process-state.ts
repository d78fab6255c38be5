import type { KernelDoor } from '../kernel/door.js'
import { ENOENT, ESRCH } from '../kernel/errno.js'
import { readDirectory, tryReadText } from '../kernel/files.js'
import { KernelError } from '../kernel/kernel-error.js'

/** The one-letter state of proc(5), `/proc/PID/stat` field 3. */
export function readThreadState(door: KernelDoor, pid: number, tid: number): string | undefined {
  return readStat(door, `/proc/${pid}/task/${tid}/stat`)?.state
}

/** Number of the processor that the thread ran on last (field 39). Undefined when the thread has ended. */
export function readProcessorOf(door: KernelDoor, pid: number, tid: number): number | undefined {
  return readStat(door, `/proc/${pid}/task/${tid}/stat`)?.processor
}

/** Whether the process has a handler for a signal (`SigCgt` of proc(5)); in doubt it has. */
export function isCaught(door: KernelDoor, pid: number, signal: number): boolean {
  const mask = /^SigCgt:\t([0-9a-f]+)/m.exec(tryReadText(door, `/proc/${pid}/status`) ?? '')?.[1]
  return mask === undefined || (BigInt(`0x${mask}`) >> BigInt(signal - 1)) % 2n === 1n
}

/** The leader while it lives, else any thread that does. Undefined when none does. @throws KernelError */
export function livingThread(door: KernelDoor, pid: number): number | undefined {
  const lives = (tid: number): boolean => !/^[ZX]$/.test(readThreadState(door, pid, tid) ?? 'X')
  return lives(pid) ? pid : listThreads(door, pid).find(lives)
}

/** Thread ids; none once the process is gone. @throws KernelError */
export function listThreads(door: KernelDoor, pid: number): number[] {
  try {
    return readDirectory(door, `/proc/${pid}/task`).map(Number)
  } catch (error) {
    if (error instanceof KernelError && (error.errno === ENOENT || error.errno === ESRCH)) return []
    throw error
  }
}

/** Whether the thread has children of its own (CONFIG_PROC_CHILDREN; none where the kernel does not say). */
export function hasChildren(door: KernelDoor, pid: number, tid: number): boolean {
  return (tryReadText(door, `/proc/${pid}/task/${tid}/children`) ?? '').length > 0
}

/** Whether the process has waited for children already. */
export function hadChildren(door: KernelDoor, pid: number): boolean {
  return readStat(door, `/proc/${pid}/stat`)?.hadChildren === true
}

export interface Stat {
  readonly name: string
  readonly state: string
  /** Clock ticks after boot; with the pid it names a process for good. */
  readonly startTime: bigint
  /** Where it ran last. */
  readonly processor: number
  /** Page faults of children that were waited for (field 11) are counted. */
  readonly hadChildren: boolean
}

/** The fields of a stat file that ring3 uses. The name stands in parentheses and may hold anything. */
export function readStat(door: KernelDoor, path: string): Stat | undefined {
  const text = tryReadText(door, path)
  if (text === undefined) return undefined
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  return {
    name: text.slice(open + 1, close),
    state: fields[0] ?? '?',
    startTime: BigInt(fields[19] ?? '0'),
    processor: Number(fields[36]),
    hadChildren: fields[8] !== undefined && fields[8] !== '0',
  }
}

const states: Readonly<Record<string, string>> = {
  D: 'in uninterruptible sleep (vfork, or waiting for a device)',
  R: 'running',
  S: 'sleeping',
  T: 'stopped',
  t: 'stopped by another tracer',
  Z: 'a zombie',
  X: 'dead',
}

export function describeState(tid: number, state: string | undefined): string {
  return `thread ${tid} is ${states[state ?? 'X'] ?? `in state ${state}`}`
}

/**
 * Whether memory costs a process something before it is used: its address space is limited, it locks its memory, or the kernel promises
 * none twice.
 */
export function isAddressSpaceScarce(door: KernelDoor, pid: number): boolean {
  const isUnlimited = /^Max address space +unlimited/m.test(tryReadText(door, `/proc/${pid}/limits`) ?? '')
  const isUnlocked = /^VmLck:\s+0 kB/m.test(tryReadText(door, `/proc/${pid}/status`) ?? '')
  const overcommits = tryReadText(door, '/proc/sys/vm/overcommit_memory')?.trim() !== NEVER_OVERCOMMIT
  return !(isUnlimited && isUnlocked && overcommits)
}

/** See vm.overcommit_memory in Documentation/admin-guide/sysctl/vm.rst. */
const NEVER_OVERCOMMIT = '2'
