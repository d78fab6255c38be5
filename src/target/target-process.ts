import type { Address } from '../bytes/address.js'
import { call, type KernelDoor } from '../kernel/door.js'
import { EACCES, EPERM } from '../kernel/errno.js'
import { O_RDONLY, openFile, readLink, readWhole, tryReadText } from '../kernel/files.js'
import { KernelError } from '../kernel/kernel-error.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { entryPoint } from './entry-point.js'
import { checkMemoryIsOwn, explainDenial, inspect } from './inspect.js'
import { Memory } from './memory.js'
import { type Mapping, readMaps } from './memory-map.js'
import { livingThread, readStat } from './process-state.js'
import { findRestorers, StackScanner } from './signal-stacks.js'

const ELFCLASS64 = 2

/** A process that may be probed. Holds nothing but an open file; the process runs free. */
export class TargetProcess implements Disposable {
  private restorers: Address[] | undefined

  private constructor(
    readonly door: KernelDoor,
    readonly pid: number,
    readonly memory: Memory,
    readonly entry: Address,
    private readonly startTime: bigint,
  ) {}

  /** @throws KernelError for what cannot be said in a sentence. */
  static open(door: KernelDoor, pid: number): TargetProcess | Refusal {
    const objection = inspect(door, pid)
    if (objection !== undefined) return objection
    const tid = livingThread(door, pid)
    if (tid === undefined) return refuse('target-gone', `process ${pid} has ended`)
    const memory = openMemory(door, pid, tid)
    if (isRefusal(memory)) return memory
    try {
      const found = TargetProcess.examine(door, pid, tid, memory)
      if (isRefusal(found)) memory[Symbol.dispose]()
      return found
    } catch (error) {
      memory[Symbol.dispose]()
      throw error
    }
  }

  private static examine(door: KernelDoor, pid: number, tid: number, memory: Memory): TargetProcess | Refusal {
    const proc = `/proc/${pid}/task/${tid}`
    if (elfClassOf(door, proc) !== ELFCLASS64)
      return refuse('unsupported-process', `process ${pid} runs 32-bit code: ring3 serves x86-64 only`)
    const unsuitable = unsuitableProcess(door, pid, tryReadText(door, `${proc}/status`) ?? '')
    if (unsuitable !== undefined) return unsuitable
    const entry = entryPoint(readWhole(door, `${proc}/auxv`))
    const startTime = readStat(door, `/proc/${pid}/stat`)?.startTime
    if (startTime === undefined) return refuse('target-gone', `process ${pid} has ended`)
    return new TargetProcess(door, pid, memory, entry, startTime)
  }

  /** A thread that lives: the leader, as long as it does. @throws KernelError when the process is gone. */
  get tid(): number {
    return livingThread(this.door, this.pid) ?? this.pid
  }

  /** The path of the executable, as the target sees it; empty once the process is gone. */
  get executable(): string {
    return readLink(this.door, `/proc/${this.pid}/exe`) ?? ''
  }

  /** A seccomp filter is in force in this thread, now. */
  isFiltered(tid: number): boolean {
    return /^Seccomp:\s*[12]/m.test(tryReadText(this.door, `/proc/${this.pid}/task/${tid}/status`) ?? '')
  }

  /** @throws KernelError */
  maps(): Mapping[] {
    return readMaps(this.door, this.pid, this.tid)
  }

  /** False once the process has ended, even if its number is taken by another. Its first thread may end before it. */
  isAlive(): boolean {
    const stat = readStat(this.door, `/proc/${this.pid}/stat`)
    return stat?.startTime === this.startTime && livingThread(this.door, this.pid) !== undefined
  }

  /** Whether the process still has the memory that it had at first: it has neither ended nor called exec. */
  hasSameMemory(): boolean {
    return this.memory.isCurrent(this.entry)
  }

  /** What has become of the program that was there at first. Who is ending has no memory any more, but for a moment a thread. */
  fate(): 'lives' | 'ended' | 'executes-another' {
    if (this.isAlive() && this.hasSameMemory()) return 'lives'
    const hasMemory = (tryReadText(this.door, `/proc/${this.pid}/task/${this.tid}/maps`) ?? '') !== ''
    return this.isAlive() && hasMemory ? 'executes-another' : 'ended'
  }

  /** For the next stop. Reads all text at the first call: not to be done in a stop. @throws KernelError */
  stackScanner(): StackScanner {
    const maps = this.maps()
    this.restorers ??= findRestorers(this.memory, maps)
    return new StackScanner(this.memory, this.restorers, maps)
  }

  /** Code was added from which signal handlers return. */
  forgetRestorers(): void {
    this.restorers = undefined
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]()
  }
}

function unsuitableProcess(door: KernelDoor, pid: number, status: string): Refusal | undefined {
  if (/^x86_Thread_features:.*\bshstk\b/m.test(status))
    return refuse('unsupported-process', `process ${pid} runs with a shadow stack, which ring3 does not keep in step`)
  return checkMemoryIsOwn(door, pid)
}

function openMemory(door: KernelDoor, pid: number, tid: number): Memory | Refusal {
  try {
    return new Memory(door, pid, tid)
  } catch (error) {
    if (error instanceof KernelError && [EACCES, EPERM].includes(error.errno)) return explainDenial(door, pid)
    throw error
  }
}

/** e_ident[EI_CLASS] of what the process executes. */
function elfClassOf(door: KernelDoor, proc: string): number {
  using file = openFile(door, `${proc}/exe`, O_RDONLY)
  const head = Buffer.alloc(16)
  call(door, { name: 'pread64', args: [file.fd, head, head.length, 0], purpose: 'read the executable’s header' })
  return head.readUInt8(4)
}
