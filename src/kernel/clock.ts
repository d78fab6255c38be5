import { call, type KernelDoor } from './door.js'

/** Clock numbers of the kernel (include/uapi/linux/time.h). */
const clocks = { real: 0, monotonic: 1, boot: 7, tai: 11 } as const

export type KernelClock = keyof typeof clocks

const time = Buffer.alloc(16)

/** Nanoseconds of a clock. @throws KernelError */
export function readClock(door: KernelDoor, clock: KernelClock): bigint {
  call(door, { name: 'clock_gettime', args: [clocks[clock], time], purpose: `read the clock ${clock}` })
  return time.readBigInt64LE(0) * 1_000_000_000n + time.readBigInt64LE(8)
}
