import { readsInput } from '../codegen/x64/program/asks-kernel.js'
import type { Program } from '../ir/program.js'
import type { KernelDoor } from '../kernel/door.js'
import { tryReadText } from '../kernel/files.js'
import type { ProgramData } from '../probe/program-plan.js'
import { SLOT, slotOffset } from '../store/program-layout.js'
import { ProgramReader } from '../store/program-reader.js'

/** TASK_COMM_LEN (include/linux/sched.h). */
const NAME_SIZE = 16

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
    const name = tid === 0 ? undefined : this.#nameOf(tid)
    const known = this.data.read(start + SLOT.comm, NAME_SIZE)
    if (name !== undefined && !known.equals(name)) this.data.write(start + SLOT.comm, name)
  }

  /** Undefined for a thread that has ended, or has another number where it is than here. */
  #nameOf(tid: number): Buffer | undefined {
    const text = tryReadText(this.door, `/proc/${this.pid}/task/${tid}/comm`)
    if (text === undefined) return undefined
    const name = Buffer.alloc(NAME_SIZE)
    name.write(text.replace(/\n$/, ''))
    return name
  }
}
