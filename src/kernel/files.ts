import { call, isError, type KernelDoor } from './door.js'
import { EACCES, ENOENT, ENOTDIR, EPERM, ESRCH } from './errno.js'
import { KernelError } from './kernel-error.js'

const AT_FDCWD = -100
const O_CLOEXEC = 0x80000
export const O_RDONLY = 0
export const O_RDWR = 2
const O_DIRECTORY = 0x10000
const CHUNK = 1 << 16
/** What a call reads into: /proc is read in many small pieces, also while a target is held. */
const scratch = Buffer.alloc(CHUNK)

/** An open file. `using file = openFile(…)`. */
export interface OpenFile extends Disposable {
  readonly fd: number
}

/** @throws KernelError */
export function openFile(door: KernelDoor, path: string, flags: number): OpenFile {
  const fd = call(door, { name: 'openat', args: [AT_FDCWD, path, flags | O_CLOEXEC, 0] })
  return { fd, [Symbol.dispose]: () => void door.invoke({ name: 'close', args: [fd] }) }
}

/** The whole of a file whose size is not known beforehand, such as those in /proc. @throws KernelError */
export function readWhole(door: KernelDoor, path: string): Buffer {
  using file = openFile(door, path, O_RDONLY)
  const chunks: Buffer[] = []
  for (;;) {
    const length = call(door, { name: 'read', args: [file.fd, scratch, CHUNK], purpose: path })
    if (length === 0) return Buffer.concat(chunks)
    chunks.push(Buffer.from(scratch.subarray(0, length)))
  }
}

/** What the kernel says of a file that is not there, or not for us, and of the files of a process that has ended. */
const absent: ReadonlySet<number> = new Set([ENOENT, ENOTDIR, ESRCH, EACCES, EPERM])

/** The text of a small file; undefined when there is none, or none for us. @throws KernelError for anything else. */
export function tryReadText(door: KernelDoor, path: string): string | undefined {
  try {
    return readWhole(door, path).toString()
  } catch (error) {
    if (error instanceof KernelError && absent.has(error.errno)) return undefined
    throw error
  }
}

/** File identity and size; undefined when there is no such file. */
export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
  readonly size: number
}

/** stat(2): struct stat of x86-64 (arch/x86/include/uapi/asm/stat.h). */
export function identify(door: KernelDoor, path: string): FileIdentity | undefined {
  const stat = Buffer.alloc(144)
  if (isError(door.invoke({ name: 'newfstatat', args: [AT_FDCWD, path, stat, 0] }))) return undefined
  return { device: stat.readBigUInt64LE(0), inode: stat.readBigUInt64LE(8), size: Number(stat.readBigInt64LE(48)) }
}

/** A regular file of known identity, read in one go. No Buffer: what it is handed to may call slice. @throws KernelError */
export function readFile(door: KernelDoor, path: string, size: number): Uint8Array {
  using file = openFile(door, path, O_RDONLY)
  const bytes = new Uint8Array(size)
  let done = 0
  while (done < size) {
    const part = bytes.subarray(done)
    const length = call(door, { name: 'pread64', args: [file.fd, part, part.length, done], purpose: path })
    if (length === 0) return bytes.subarray(0, done)
    done += length
  }
  return bytes
}

/** d_name in struct linux_dirent64 (getdents(2)). */
const NAME_AT = 19

/** Names in a directory, without `.` and `..`. @throws KernelError */
export function readDirectory(door: KernelDoor, path: string): string[] {
  using directory = openFile(door, path, O_RDONLY | O_DIRECTORY)
  const names: string[] = []
  for (;;) {
    const length = call(door, { name: 'getdents64', args: [directory.fd, scratch, CHUNK], purpose: path })
    if (length === 0) return names
    for (let at = 0; at < length; at += scratch.readUInt16LE(at + 16)) {
      const name = scratch.toString('utf8', at + NAME_AT, endOfName(at + NAME_AT))
      if (name !== '.' && name !== '..') names.push(name)
    }
  }
}

/** In `scratch`. Names are short: searched by hand, they are found sooner. */
function endOfName(start: number): number {
  let end = start
  while (end < CHUNK && scratch[end] !== 0) end += 1
  return end
}

/** Where a symbolic link points, or undefined. */
export function readLink(door: KernelDoor, path: string): string | undefined {
  const target = Buffer.alloc(4096)
  const length = door.invoke({ name: 'readlink', args: [path, target, target.length] })
  return isError(length) ? undefined : target.toString('utf8', 0, length)
}
