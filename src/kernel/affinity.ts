import { call, isError, type KernelCall, type KernelDoor } from './door.js'
import { insist } from './insist.js'

/** The calling thread (sched_setaffinity(2)). */
const THIS_THREAD = 0
/** Room for 8,192 processors, the most that a kernel is built for (CONFIG_NR_CPUS of x86). */
const MASK_SIZE = 1024

/** Processors, a bit each. */
export type CpuMask = Uint8Array

/** Where this thread may run. Undefined when the kernel does not say. */
export function readAffinity(door: KernelDoor): CpuMask | undefined {
  const mask = Buffer.alloc(MASK_SIZE)
  const length = door.invoke({ name: 'sched_getaffinity', args: [THIS_THREAD, MASK_SIZE, mask] })
  return isError(length) ? undefined : mask.subarray(0, length)
}

/** From here on this thread runs there only, and so do the threads that it makes. @returns whether the kernel agreed. */
export function setAffinity(door: KernelDoor, mask: CpuMask): boolean {
  return !isError(door.invoke(setCall(mask)))
}

/** Puts back what `readAffinity` gave. @throws KernelError */
export function restoreAffinity(door: KernelDoor, mask: CpuMask): void {
  insist(() => call(door, setCall(mask)))
}

function setCall(mask: CpuMask): KernelCall {
  return { name: 'sched_setaffinity', args: [THIS_THREAD, mask.length, mask] }
}

/** The one processor alone; undefined when it is not among the others. */
export function onlyCpu(cpu: number, among: CpuMask): CpuMask | undefined {
  const bit = 1 << (cpu & 7)
  if (((among[cpu >> 3] ?? 0) & bit) === 0) return undefined
  const mask = Buffer.alloc(among.length)
  mask[cpu >> 3] = bit
  return mask
}
