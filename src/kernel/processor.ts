import type { KernelDoor } from './door.js'
import { readWhole, tryReadText } from './files.js'

/** What the processor and the kernel offer, asked once. Names as in /proc/cpuinfo. */
export interface Processor {
  readonly flags: ReadonlySet<string>
  /** Processors that may ever be there; their numbers are below this. Undefined where the kernel does not say. */
  readonly possible: number | undefined
}

export function readProcessor(door: KernelDoor): Processor {
  const info = tryReadText(door, '/proc/cpuinfo') ?? ''
  const flags = /^flags\s*:\s*(.*)$/m.exec(info)?.[1]?.split(' ') ?? []
  const range = tryReadText(door, '/sys/devices/system/cpu/possible')?.trim() ?? ''
  const last = /(\d+)$/.exec(range)?.[1]
  return { flags: new Set(flags), possible: last === undefined ? undefined : Number(last) + 1 }
}

/** Numbers of the processors that run now: `0-3,8` in /sys/devices/system/cpu/online. @throws KernelError */
export function onlineProcessors(door: KernelDoor): number[] {
  const text = readWhole(door, '/sys/devices/system/cpu/online').toString()
  return text.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}
