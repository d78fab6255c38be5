import type { KernelDoor } from '../kernel/door.js'
import { tryReadText } from '../kernel/files.js'
import { readThreadState } from './process-state.js'

const KCMP_VM = 1
/** include/uapi/linux/capability.h */
const CAP_SYS_PTRACE = 19n

/**
 * What somebody who is born traced is to the target: one of its threads; a guest, which is another process in the same
 * memory (a child of vfork, until it execs); or a stranger.
 */
export type Kinship = 'thread' | 'guest' | 'stranger'

export function kinshipOf(door: KernelDoor, pid: number, tid: number): Kinship {
  if (readThreadState(door, pid, tid) !== undefined) return 'thread'
  return door.invoke({ name: 'kcmp', args: [pid, tid, KCMP_VM, 0, 0] }) === 0 ? 'guest' : 'stranger'
}

/** Whether a traced process may exec set-user-ID programs as ever (ptrace(2): only under a tracer with CAP_SYS_PTRACE). */
export function leavesSetuidAlone(door: KernelDoor): boolean {
  const [, effective = '0'] = /^CapEff:\t([0-9a-f]+)$/m.exec(tryReadText(door, '/proc/self/status') ?? '') ?? []
  return ((BigInt(`0x${effective}`) >> CAP_SYS_PTRACE) & 1n) === 1n
}
