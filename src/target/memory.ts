import type { Address } from '../bytes/address.js'
import { call, type KernelCall, type KernelDoor } from '../kernel/door.js'
import { ESRCH } from '../kernel/errno.js'
import { O_RDWR, type OpenFile, openFile } from '../kernel/files.js'
import { KernelError } from '../kernel/kernel-error.js'

export interface MemoryRange {
  readonly start: Address
  readonly size: number
}

/** In bytes. */
type WordSize = 1 | 2 | 4 | 8

/** The memory of one target. Reads go through process_vm_readv, writes (also to text) through /proc/PID/mem. */
export class Memory implements Disposable {
  private readonly file: OpenFile
  /** One word and the two ranges of its transfer, used again by every emulated instruction. */
  private readonly word = Buffer.alloc(8)
  private readonly ownWord: Buffer
  private readonly itsWord = Buffer.alloc(IOVEC_SIZE)

  /** `tid` is a thread of the process that lives. @throws KernelError where the kernel does not allow it. */
  constructor(
    private readonly door: KernelDoor,
    readonly pid: number,
    tid: number = pid,
  ) {
    this.file = openFile(door, `/proc/${pid}/task/${tid}/mem`, O_RDWR)
    this.ownWord = iovec(door.pointerTo(this.word), this.word.length)
  }

  /** @throws KernelError when not all of it can be read. */
  read(from: Address, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length)
    this.readExactly(from, bytes)
    return bytes
  }

  /** The same, into bytes that are there. */
  readExactly(from: Address, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const part = bytes.subarray(done)
      const request = this.transfer('pread64', part, from + BigInt(done))
      const got = call(this.door, request)
      if (got === 0) throw new KernelError(request, ESRCH)
      done += got
    }
  }

  /** A transfer of no bytes means that the address space is gone: the process has ended or called exec. */
  private transfer(name: 'pread64' | 'pwrite64', part: Uint8Array, at: bigint): KernelCall {
    return { name, args: [this.file.fd, part, part.length, at], purpose: 'the target’s memory' }
  }

  /** Whether this is still the address space of the process; `at` is always mapped. @throws KernelError in doubt. */
  isCurrent(at: Address): boolean {
    return call(this.door, this.transfer('pread64', new Uint8Array(1), at)) === 1
  }

  /** As much as can be read, perhaps nothing. For memory that may be unmapped meanwhile. */
  tryRead(from: Address, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length)
    const got = this.readInto(from, bytes)
    return bytes.subarray(0, Math.max(0, got))
  }

  /** One range: bytes read, or a negated errno. No memory is allocated for the data. */
  readInto(from: Address, bytes: Uint8Array): number {
    const local = iovec(this.door.pointerTo(bytes), bytes.length)
    const args = [this.pid, local, 1, iovec(from, bytes.length), 1, 0]
    const got = this.door.invoke({ name: 'process_vm_readv', args })
    // ESRCH is said also when only the first thread has ended.
    return got === -ESRCH ? this.door.invoke(this.transfer('pread64', bytes, from)) : got
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
    const remote = Buffer.alloc(IOVEC_SIZE * ranges.length)
    for (const [index, { start, size }] of ranges.entries()) writeIovec(remote, index, start, size)
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
    for (let done = 0; done < bytes.length; ) {
      const request = this.transfer('pwrite64', bytes.subarray(done), to + BigInt(done))
      const put = call(this.door, request)
      if (put === 0) throw new KernelError(request, ESRCH)
      done += put
    }
  }

  /** Writes as the process itself could: not to what is mapped read-only. @returns whether all of it was written. */
  writeAsThread(to: Address, bytes: Uint8Array): boolean {
    const local = iovec(this.door.pointerTo(bytes), bytes.length)
    const args = [this.pid, local, 1, iovec(to, bytes.length), 1, 0]
    return this.door.invoke({ name: 'process_vm_writev', args }) === bytes.length
  }

  /** An unsigned word as the process itself could read it; undefined where it could not. */
  readWordAsThread(from: Address, size: WordSize): bigint | undefined {
    this.word.fill(0)
    return this.transferWord('process_vm_readv', from, size) ? this.word.readBigUInt64LE() : undefined
  }

  /** The same for a word. */
  writeWordAsThread(to: Address, size: WordSize, value: bigint): boolean {
    this.word.writeBigUInt64LE(BigInt.asUintN(64, value))
    return this.transferWord('process_vm_writev', to, size)
  }

  private transferWord(name: 'process_vm_readv' | 'process_vm_writev', at: Address, size: WordSize): boolean {
    writeIovec(this.itsWord, 0, at, size)
    return this.door.invoke({ name, args: [this.pid, this.ownWord, 1, this.itsWord, 1, 0] }) === size
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]()
  }
}

/** UIO_MAXIOV: ranges that one call takes (uio.h). */
const MAX_VECTORS = 1024

/** struct iovec (readv(2)). */
const IOVEC_SIZE = 16

function iovec(base: bigint, length: number): Buffer {
  const vector = Buffer.alloc(IOVEC_SIZE)
  writeIovec(vector, 0, base, length)
  return vector
}

function writeIovec(vectors: Buffer, index: number, base: bigint, length: number): void {
  vectors.writeBigUInt64LE(base, IOVEC_SIZE * index)
  vectors.writeBigUInt64LE(BigInt(length), IOVEC_SIZE * index + 8)
}
