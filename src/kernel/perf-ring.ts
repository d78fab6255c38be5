import { PAGE_SIZE } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import type { KernelDoor } from './door.js'
import { type MappedMemory, mapShared } from './mapped-memory.js'

/** Words of struct perf_event_mmap_page (include/uapi/linux/perf_event.h). */
const DATA_HEAD = 1024 / 8
const DATA_TAIL = 1032 / 8
const HEADER_SIZE = 8

/** Pages of records: with the page before them, half of what a user may lock per processor by default (516 KiB). */
const DATA_PAGES = 64
const DATA_SIZE = DATA_PAGES * PAGE_SIZE

export const PERF_RECORD_LOST = 2
export const PERF_RECORD_SAMPLE = 9

/** A record without its header (perf_event_open(2), “MMAP layout”). */
export interface RingRecord {
  /** PERF_RECORD_*. */
  readonly type: number
  readonly body: Buffer
}

/** The ring that the kernel writes an event's samples to. A full ring drops them, and later says how many. */
export class PerfRing implements Disposable {
  private readonly memory: MappedMemory
  private readonly control: BigUint64Array
  private readonly data: Uint8Array

  /** `fd` is an event. @throws KernelError, EPERM when the user has no locked memory left for it. */
  constructor(door: KernelDoor, fd: number) {
    this.memory = mapShared(door, fd, PAGE_SIZE + DATA_SIZE)
    const { buffer, byteOffset } = this.memory.bytes
    this.control = new BigUint64Array(buffer, byteOffset, PAGE_SIZE / 8)
    this.data = this.memory.bytes.subarray(PAGE_SIZE)
  }

  /** What has been written since the last call, copied out of the ring, which is then free for more. */
  drain(): RingRecord[] {
    // Atomics order the reads of the records behind that of the head, and before the write of the tail.
    const head = Atomics.load(this.control, DATA_HEAD)
    const records: RingRecord[] = []
    let tail = Atomics.load(this.control, DATA_TAIL)
    while (tail < head) {
      const header = this.copy(tail, HEADER_SIZE)
      const size = header.readUInt16LE(6)
      assert(size >= HEADER_SIZE && tail + BigInt(size) <= head, `a record of ${size} bytes in a perf ring`)
      const body = this.copy(tail + BigInt(HEADER_SIZE), size - HEADER_SIZE)
      records.push({ type: header.readUInt32LE(0), body })
      tail += BigInt(size)
    }
    Atomics.store(this.control, DATA_TAIL, tail)
    return records
  }

  /** Bytes at a position that only grows; they may lie around the ring's end. */
  private copy(position: bigint, length: number): Buffer {
    const at = Number(position % BigInt(DATA_SIZE))
    const first = this.data.subarray(at, at + length)
    return Buffer.concat([first, this.data.subarray(0, length - first.length)])
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]()
  }
}
