import type { KernelDoor } from '../kernel/door.js'
import { readStat } from './process-state.js'

/** A ring3 process: the start time tells it from a later one with the same number. */
export interface Owner {
  readonly pid: number
  /** Clock ticks after boot. */
  readonly startTime: bigint
}

/** Kept: it is asked for while targets are held. */
const ourselves = new WeakMap<KernelDoor, Owner>()

export function thisProcess(door: KernelDoor): Owner {
  const known = ourselves.get(door)
  if (known !== undefined) return known
  const owner = { pid: process.pid, startTime: readStat(door, '/proc/self/stat')?.startTime ?? 0n }
  ourselves.set(door, owner)
  return owner
}

export function isOwnerAlive(door: KernelDoor, { pid, startTime }: Owner): boolean {
  const stat = readStat(door, `/proc/${pid}/stat`)
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X'
}
