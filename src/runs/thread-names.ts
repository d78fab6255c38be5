import { readsInput } from '../codegen/x64/program/asks-kernel.js'
import type { Program } from '../ir/program.js'
import type { KernelDoor } from '../kernel/door.js'
import type { ProgramData } from '../probe/program-plan.js'
import { SLOT, slotOffset } from '../store/program-layout.js'
import { ProgramReader } from '../store/program-reader.js'
import { COMM_SIZE, tryReadComm } from './credentials.js'

/** The names of threads in their slots. A thread that is renamed makes no hit: who reads `comm` sees its new name a little later. */
export class ThreadNames {
  readonly #reader: ProgramReader
  readonly #isRead: boolean

  constructor(
    program: Program,
    private readonly data: ProgramData,
    private readonly door: KernelDoor,
    private readonly pid: number,
  ) {
    this.#reader = new ProgramReader(program, data.layout, (offset, length) => data.read(offset, length))
    this.#isRead = program.handlers.some((handler) => readsInput(handler, 'comm'))
  }

  /** Corrects the names that the kernel tells otherwise now. */
  refresh(): void {
    if (!this.#isRead || this.data.isGone) return
    for (const slot of this.#reader.usedSlots()) this.#refreshSlot(slotOffset(this.data.layout, slot))
  }

  #refreshSlot(start: number): void {
    const tid = this.data.read(start + SLOT.tid, 4).readUInt32LE()
    // None for a thread that has ended, or has another number where it is than here.
    const name = tid === 0 ? undefined : tryReadComm(this.door, `/proc/${this.pid}/task/${tid}`)
    const known = this.data.read(start + SLOT.comm, COMM_SIZE)
    if (name !== undefined && !known.equals(name)) this.data.write(start + SLOT.comm, name)
  }
}
