import { readWhole } from '../kernel/files.js'
import { hasManifest } from './manifest.js'
import type { MemoryRange } from './memory.js'
import { parseMaps } from './memory-map.js'
import type { TargetProcess } from './target-process.js'

// What says in the target's memory that a range is ring3's is believed only when the kernel says so, too: the program may
// have mapped something of its own where a killed tracer wanted to.

interface Region {
  readonly start: bigint
  readonly end: bigint
  readonly permissions: string
  readonly anonymous: boolean
  /** Two-letter flags of smaps (proc(5)). */
  readonly flags: ReadonlySet<string>
  readonly residentKb: number
}

/** A data area: MADV_WIPEONFORK is set on it. */
export function isWipedOnFork(target: TargetProcess, range: MemoryRange): boolean {
  const region = regionOf(target, range)
  return region !== undefined && region.permissions === 'rw-p' && region.flags.has('wf')
}

/** A mapping that was announced, exactly as announced, with nothing in it but what ring3 puts there. */
export function isOrphan(target: TargetProcess, range: MemoryRange): boolean {
  const region = regionOf(target, range)
  if (region === undefined || !region.anonymous) return false
  if (region.permissions === 'rw-p') return region.flags.has('wf') || (isExact(region, range) && isFresh(region))
  return region.permissions === 'r-xp' && isExact(region, range) && (isFresh(region) || isOurs(target, range))
}

/** Reserved without accounting, and never touched. */
function isFresh({ flags, residentKb, permissions }: Region): boolean {
  return residentKb === 0 && (permissions === 'r-xp' || flags.has('nr'))
}

function isOurs(target: TargetProcess, { start }: MemoryRange): boolean {
  return hasManifest(target.memory.tryRead(start, 8))
}

function isExact(region: Region, { start, size }: MemoryRange): boolean {
  return region.start === start && region.end === start + BigInt(size)
}

function regionOf(target: TargetProcess, { start, size }: MemoryRange): Region | undefined {
  const text = readWhole(target.door, `/proc/${target.pid}/task/${target.tid}/smaps`).toString()
  return regions(text).find((region) => region.start <= start && start + BigInt(size) <= region.end)
}

function regions(smaps: string): Region[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((block) => {
    const [mapping] = parseMaps(block.slice(0, block.indexOf('\n')))
    if (mapping === undefined) return []
    const flags = /^VmFlags: (.*)$/m.exec(block)?.[1]?.trim().split(' ') ?? []
    const residentKb = Number(/^Rss:\s*(\d+)/m.exec(block)?.[1] ?? '0')
    const permissions = /^\S+ (\S{4})/.exec(block)?.[1] ?? ''
    const anonymous = mapping.path === '' && mapping.inode === 0n
    return [{ start: mapping.start, end: mapping.end, permissions, anonymous, flags: new Set(flags), residentKb }]
  })
}
