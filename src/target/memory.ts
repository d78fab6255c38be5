import type { Address } from '../bytes/address.js'
import { call, isError, type KernelDoor } from '../kernel/door.js'
import { O_RDWR, type OpenFile, openFile } from '../kernel/files.js'

export interface MemoryRange {
  readonly start: Address
  readonly size: number
}

/** The memory of one target. Reads go through process_vm_readv, writes (also to text) through /proc/PID/mem. */
export class Memory implements Disposable {
  private readonly file: OpenFile

  /** @throws KernelError where the kernel does not allow it. */
  constructor(
    private readonly door: KernelDoor,
    readonly pid: number,
  ) {
    this.file = openFile(door, `/proc/${pid}/mem`, O_RDWR)
  }

  /** @throws KernelError when not all of it can be read. */
  read(from: Address, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length)
    let done = 0
    while (done < length) {
      const part = bytes.subarray(done)
      const args = [this.file.fd, part, part.length, from + BigInt(done)]
      const got = call(this.door, { name: 'pread64', args, purpose: 'read the target’s memory' })
      if (got === 0) return bytes.subarray(0, done)
      done += got
    }
    return bytes
  }

  /** As much as can be read, perhaps nothing. For memory that may be unmapped meanwhile. */
  tryRead(from: Address, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length)
    const got = this.readInto(from, bytes)
    return bytes.subarray(0, Math.max(0, got))
  }

  /** process_vm_readv(2) of one range: bytes read, or a negated errno. No memory is allocated for the data. */
  readInto(from: Address, bytes: Uint8Array): number {
    const local = iovec(this.door.pointerTo(bytes), bytes.length)
    return this.door.invoke({ name: 'process_vm_readv', args: [this.pid, local, 1, iovec(from, bytes.length), 1, 0] })
  }

  /** Many ranges, with few calls, into `scratch` where that is large enough. What cannot be read is cut short. */
  readMany(ranges: readonly MemoryRange[], scratch?: Buffer): Buffer[] {
    const contents: Buffer[] = []
    for (let first = 0; first < ranges.length; first += MAX_VECTORS) {
      contents.push(...this.readVectors(ranges.slice(first, first + MAX_VECTORS), scratch))
    }
    return contents
  }

  private readVectors(ranges: readonly MemoryRange[], scratch: Buffer | undefined): Buffer[] {
    const total = ranges.reduce((sum, { size }) => sum + size, 0)
    const fits = scratch !== undefined && scratch.length >= total && ranges.length <= MAX_VECTORS
    const bytes = fits ? scratch.subarray(0, total) : Buffer.allocUnsafeSlow(total)
    const local = iovec(this.door.pointerTo(bytes), total)
    const remote = Buffer.concat(ranges.map(({ start, size }) => iovec(start, size)))
    const args = [this.pid, local, 1, remote, ranges.length, 0]
    const got = this.door.invoke({ name: 'process_vm_readv', args, purpose: 'read the target’s memory' })
    let at = 0
    return ranges.map(({ start, size }) => {
      const part = bytes.subarray(at, at + size)
      at += size
      return at <= got ? part : this.tryRead(start, size)
    })
  }

  /**
   * Writes to any mapped page, private copies made as needed (FOLL_FORCE). The bytes within one page appear all at once,
   * even when the tracer is killed in the middle.
   * @throws KernelError when not all of it can be written.
   */
  write(to: Address, bytes: Uint8Array): void {
    let done = 0
    while (done < bytes.length) {
      const part = bytes.subarray(done)
      const args = [this.file.fd, part, part.length, to + BigInt(done)]
      done += call(this.door, { name: 'pwrite64', args, purpose: 'write the target’s memory' })
    }
  }

  /** Whether a page is there to be read. */
  isMapped(at: Address): boolean {
    return !isError(this.readInto(at, new Uint8Array(1)))
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]()
  }
}

/** UIO_MAXIOV: ranges that one call takes (uio.h). */
const MAX_VECTORS = 1024

function iovec(base: bigint, length: number): Buffer {
  const vector = Buffer.alloc(16)
  vector.writeBigUInt64LE(base, 0)
  vector.writeBigUInt64LE(BigInt(length), 8)
  return vector
}
