import { call, type KernelDoor } from './door.js'
import { insist } from './insist.js'

const PRIO_PROCESS = 0
/** The calling thread (setpriority(2), C library/kernel differences). */
const THIS_THREAD = 0
const HIGHEST = -20
/** getpriority's system call gives 20 − nice, so that it is never negative. */
const NICE_BIAS = 20

/**
 * Puts this thread before all others while a target is held: the threads that are told to stop would otherwise take the
 * processor from the one that has to let them go. Where the right is missing (RLIMIT_NICE, CAP_SYS_NICE), nothing happens.
 * @returns what puts the priority back.
 */
export function raisePriority(door: KernelDoor): () => void {
  const before = door.invoke({ name: 'getpriority', args: [PRIO_PROCESS, THIS_THREAD] })
  if (before < 0 || door.invoke({ name: 'setpriority', args: [PRIO_PROCESS, THIS_THREAD, HIGHEST] }) < 0) {
    return () => {}
  }
  return () => {
    insist(() => call(door, { name: 'setpriority', args: [PRIO_PROCESS, THIS_THREAD, NICE_BIAS - before] }))
  }
}
