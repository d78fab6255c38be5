import { type Address, address } from '../../src/bytes/address.js'
import type { KernelDoor } from '../../src/kernel/door.js'
import { PretendProcess } from '../../src/kernel/pretend-process.js'
import { Memory } from '../../src/target/memory.js'
import type { Mapping } from '../../src/target/memory-map.js'

export const PID = 2

/** A pretend process that has memory, and nothing else unless more files are given. */
export function pretendTarget(files: Readonly<Record<string, string>> = {}): PretendProcess {
  const empty = Buffer.alloc(0)
  const contents = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const)
  return new PretendProcess({
    files: { [`/proc/${PID}/mem`]: empty, [`/proc/${PID}/task/${PID}/mem`]: empty, ...Object.fromEntries(contents) },
    directories: {},
  })
}

export function memoryOf(door: KernelDoor): Memory {
  return new Memory(door, PID)
}

export function bytesAt(process: PretendProcess, at: Address, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  process.peek(at, bytes)
  return bytes
}

export function littleEndian(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

/** A mapping of which only what the caller says matters. */
export function mapping(start: bigint, end: bigint, more: Partial<Mapping> = {}): Mapping {
  return {
    start: address(start),
    end: address(end),
    readable: true,
    writable: false,
    executable: false,
    shared: false,
    fileOffset: 0,
    device: '00:00',
    inode: 0n,
    path: '',
    deleted: false,
    ...more,
  }
}
