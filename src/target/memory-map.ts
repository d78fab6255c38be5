import { type Address, address } from '../bytes/address.js'
import type { KernelDoor } from '../kernel/door.js'
import { readWhole } from '../kernel/files.js'
import { floor } from './floor.js'

/** One line of /proc/PID/maps (proc(5)). */
export interface Mapping {
  readonly start: Address
  readonly end: Address
  readonly readable: boolean
  readonly writable: boolean
  readonly executable: boolean
  readonly shared: boolean
  readonly fileOffset: number
  /** `major:minor` in hex, as printed. `00:00` for anonymous memory. */
  readonly device: string
  readonly inode: bigint
  /** Path or `[name]`; empty for anonymous memory. Without the ` (deleted)` mark. */
  readonly path: string
  readonly deleted: boolean
}

const line = /^([0-9a-f]+)-([0-9a-f]+) (.)(.)(.)(.) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+)\s*(.*)$/s
const deletedMark = ' (deleted)'

export function parseMaps(text: string): Mapping[] {
  return text.split('\n').flatMap((row) => {
    const mapping = parseLine(row)
    return mapping === undefined ? [] : [mapping]
  })
}

function parseLine(row: string): Mapping | undefined {
  const match = line.exec(row)
  if (match === null) return undefined
  const [, start = '', end = '', r, w, x, p, offset = '', device = '', inode = '', rawPath = ''] = match
  const deleted = rawPath.endsWith(deletedMark)
  return {
    start: address(BigInt(`0x${start}`)),
    end: address(BigInt(`0x${end}`)),
    readable: r === 'r',
    writable: w === 'w',
    executable: x === 'x',
    shared: p === 's',
    fileOffset: Number.parseInt(offset, 16),
    device,
    inode: BigInt(inode),
    path: unescapePath(deleted ? rawPath.slice(0, -deletedMark.length) : rawPath),
    deleted,
  }
}

/** The kernel writes newlines in paths as \012 (fs/proc/task_mmu.c). */
function unescapePath(path: string): string {
  return path.replaceAll('\\012', '\n')
}

/** @throws KernelError */
export function readMaps(door: KernelDoor, pid: number, tid: number = pid): Mapping[] {
  return parseMaps(readWhole(door, `/proc/${pid}/task/${tid}/maps`).toString())
}

/** `maps`: in the order in which the kernel gives them, which is that of their addresses. */
export function mappingAt(maps: readonly Mapping[], at: bigint): Mapping | undefined {
  const mapping = floor(maps, at, ({ start }) => start)
  return mapping !== undefined && at < mapping.end ? mapping : undefined
}
