import type { KernelArgument, KernelCall, KernelDoor } from './door.js'
import { ENOENT, ENOSYS, ESRCH } from './errno.js'

const SIGTRAP = 5
const EVENT_STOP = (128 << 8) | SIGTRAP
const SYSCALL_STOP = SIGTRAP | 0x80
const CLD_TRAPPED = 4
/** Offsets in struct user_regs_struct. */
const RAX = 80
const RDI = 112
const PAGE = 4096n
/** As the system call gives it (getpriority(2)). */
const NORMAL_PRIORITY = 20

/** What a pretend process consists of. */
export interface PretendFiles {
  /** Contents by path. */
  readonly files: Readonly<Record<string, Uint8Array>>
  /** Names by directory. */
  readonly directories: Readonly<Record<string, readonly string[]>>
}

/**
 * A door behind which there is no kernel but one pretend thread with sparse memory. ring3 rehearses a stop on it, so that
 * the first real one does not wait for code to be compiled; tests use it where a real process would say nothing more.
 */
export class PretendProcess implements KernelDoor {
  readonly registers = Buffer.alloc(216)
  /** Pages by number. */
  private readonly memory = new Map<bigint, Uint8Array>()
  private readonly open = new Map<number, { readonly path: string; position: number }>()
  private readonly pointers = new Map<bigint, Uint8Array>()
  private readonly stops: number[] = []
  private inSyscall = false
  private nextFd = 3
  private nextPointer = 1n

  constructor(private readonly content: PretendFiles) {}

  pointerTo(bytes: Uint8Array): bigint {
    const pointer = this.nextPointer++
    this.pointers.set(pointer, bytes)
    return pointer
  }

  invoke({ name, args }: KernelCall): number {
    switch (name) {
      case 'openat':
        return this.openAt(pathOf(args[1]))
      case 'read':
      case 'getdents64':
        return this.read(Number(args[0]), bytesOf(args[1]))
      case 'pread64':
        return this.readAt(Number(args[0]), bytesOf(args[1]), BigInt(numeric(args[3])))
      case 'pwrite64':
        return this.poke(BigInt(numeric(args[3])), bytesOf(args[1]))
      case 'process_vm_readv':
        return this.readVector(bytesOf(args[1]), bytesOf(args[3]))
      case 'ptrace':
        return this.ptrace(Number(args[0]), bytesOf(args[3]))
      case 'waitid':
        return this.wait(Number(args[1]), bytesOf(args[2]))
      case 'getpriority':
        return NORMAL_PRIORITY
      case 'close':
      case 'nanosleep':
      case 'setpriority':
        return 0
      case 'kcmp':
        return 1
      case 'newfstatat':
      case 'readlink':
        return -ENOENT
      default:
        return -ENOSYS
    }
  }

  poke(at: bigint, bytes: Uint8Array): number {
    this.eachPage(at, bytes, (page, part) => page.set(part), true)
    return bytes.length
  }

  peek(at: bigint, into: Uint8Array): number {
    into.fill(0)
    this.eachPage(at, into, (page, part) => part.set(page.subarray(0, part.length)), false)
    return into.length
  }

  private eachPage(
    at: bigint,
    bytes: Uint8Array,
    visit: (page: Uint8Array, part: Uint8Array) => void,
    make: boolean,
  ): void {
    for (let done = 0; done < bytes.length; ) {
      const here = at + BigInt(done)
      const inPage = Number(here % PAGE)
      const part = bytes.subarray(done, done + Number(PAGE) - inPage)
      const page = this.memory.get(here / PAGE) ?? (make ? new Uint8Array(Number(PAGE)) : undefined)
      if (page !== undefined) {
        this.memory.set(here / PAGE, page)
        visit(page.subarray(inPage), part)
      }
      done += part.length
    }
  }

  private openAt(path: string): number {
    if (this.content.files[path] === undefined && this.content.directories[path] === undefined) return -ENOENT
    this.open.set(this.nextFd, { path, position: 0 })
    return this.nextFd++
  }

  private read(fd: number, into: Uint8Array): number {
    const file = this.open.get(fd)
    if (file === undefined) return -ENOENT
    const names = this.content.directories[file.path]
    const bytes = names === undefined ? (this.content.files[file.path] ?? new Uint8Array()) : directoryEntries(names)
    const part = bytes.subarray(file.position, file.position + into.length)
    into.set(part)
    file.position += part.length
    return part.length
  }

  private readAt(fd: number, into: Uint8Array, at: bigint): number {
    const file = this.content.files[this.open.get(fd)?.path ?? '']
    if (file === undefined || file.length === 0) return this.peek(at, into)
    into.set(file.subarray(0, into.length))
    return into.length
  }

  private readVector(local: Uint8Array, remote: Uint8Array): number {
    const into = this.pointers.get(Buffer.from(local).readBigUInt64LE(0))
    if (into === undefined) return -ESRCH
    const vectors = Buffer.from(remote)
    let done = 0
    for (let at = 0; at < vectors.length && done < into.length; at += 16) {
      const size = Number(vectors.readBigUInt64LE(at + 8))
      done += this.peek(vectors.readBigUInt64LE(at), into.subarray(done, done + size))
    }
    return done
  }

  private ptrace(request: number, data: Uint8Array): number {
    const actions: Readonly<Record<number, () => unknown>> = {
      7: () => this.stops.push(EVENT_STOP),
      12: () => data.set(this.registers),
      13: () => this.registers.set(data),
      17: () => this.stops.splice(0),
      24: () => this.step(),
      16900: () => Buffer.from(data.buffer, data.byteOffset).writeBigUInt64LE(832n, 8),
      16903: () => this.stops.push(EVENT_STOP),
    }
    actions[request]?.()
    return 0
  }

  /** PTRACE_SYSCALL: into a call, then out of it; every call returns its first argument. */
  private step(): void {
    this.inSyscall = !this.inSyscall
    if (!this.inSyscall) this.registers.copy(this.registers, RAX, RDI, RDI + 8)
    this.stops.push(SYSCALL_STOP)
  }

  private wait(tid: number, info: Uint8Array): number {
    const status = this.stops.shift() ?? EVENT_STOP
    const view = Buffer.from(info.buffer, info.byteOffset)
    view.writeInt32LE(CLD_TRAPPED, 8)
    view.writeInt32LE(tid, 16)
    view.writeInt32LE(status, 24)
    return 0
  }
}

/** struct linux_dirent64 (getdents(2)). */
function directoryEntries(names: readonly string[]): Uint8Array {
  return Buffer.concat(
    names.map((name) => {
      const entry = Buffer.alloc(20 + name.length)
      entry.writeUInt16LE(entry.length, 16)
      entry.write(name, 19)
      return entry
    }),
  )
}

function bytesOf(argument: KernelArgument | undefined): Uint8Array {
  return argument instanceof Uint8Array ? argument : new Uint8Array()
}

/** With or without the NUL that a system call wants. */
function pathOf(argument: KernelArgument | undefined): string {
  return argument instanceof Uint8Array ? Buffer.from(argument).toString('latin1').replace(/\0$/, '') : String(argument)
}

function numeric(argument: KernelArgument | undefined): bigint | number {
  return typeof argument === 'bigint' || typeof argument === 'number' ? argument : 0
}
