import type { KernelDoor } from './door.js'
import { tryReadText } from './files.js'

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
