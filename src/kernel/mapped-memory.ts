import koffi from 'koffi'
import { call, type KernelDoor } from './door.js'

const PROT_READ_WRITE = 3
const MAP_SHARED = 1

/** A shared mapping in this very process. The bytes must not be touched after disposal. */
export interface MappedMemory extends Disposable {
  readonly bytes: Uint8Array
}

/** Maps the beginning of a file for reading and writing, shared with whoever else has it. @throws KernelError */
export function mapShared(door: KernelDoor, fd: number, length: number): MappedMemory {
  const at = call(door, {
    name: 'mmap',
    args: [0, length, PROT_READ_WRITE, MAP_SHARED, fd, 0],
    purpose: 'map a ring of the kernel',
  })
  return {
    bytes: new Uint8Array(koffi.view(BigInt(at), length)),
    [Symbol.dispose]: () => void door.invoke({ name: 'munmap', args: [at, length] }),
  }
}
