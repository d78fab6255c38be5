import { type Address, hex, offsetBy } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import { isError, type KernelDoor } from '../kernel/door.js'
import { insist } from '../kernel/insist.js'
import { KernelError } from '../kernel/kernel-error.js'
import { PTRACE_EVENT_STOP, ptrace } from '../kernel/ptrace.js'
import { type SyscallName, syscallNumbers } from '../kernel/syscall-numbers.js'
import { pauseBetweenLooks, poll } from '../kernel/wait.js'
import type { Memory } from './memory.js'
import type { Registers } from './registers.js'
import { leaveRestartableSequence } from './restartable-sequence.js'
import { buildSignalFrame } from './signal-frame.js'
import { readRegisters, type StoppedThread, writeRegisters } from './thread.js'

/** `syscall; mov $15,%eax; syscall`: the call, then rt_sigreturn over the frame that restores the thread. */
export const remoteCallStub = Buffer.from('0f05b80f0000000f05', 'hex')

/** Whether `length` bytes from `start` on are where the stub goes, which is the executable's entry point. */
export function coversStub(entry: Address, start: Address, length: number): boolean {
  return start < offsetBy(entry, remoteCallStub.length) && offsetBy(start, length) > entry
}

const SIGTRAP_SYSCALL = 5 | 0x80
const SIGSTOP = 19
const CALL_TIMEOUT_NS = 2_000_000_000n
const NO_SYSCALL = -1n
const allSignals = Buffer.alloc(8, 0xff)
const argumentRegisters = ['rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'] as const

/** Thrown when the thread that was making a remote call has ended. */
export class ThreadGoneError extends Error {
  override readonly name = 'ThreadGoneError'
}

/** What a frame may take below its top, in bytes: the largest vector state and the rest. */
export const FRAME_ROOM = 12288

/** Where remote calls are made from: dead code that holds the stub, and dead stack for the frame. */
export interface RemoteCallPlace {
  readonly stub: Address
  /** The frame lies below this address. */
  readonly frameTop: Address
}

/**
 * Makes system calls in a stopped thread, which stands exactly as before afterwards. If the tracer dies anywhere in
 * between, the thread returns by itself: the stub goes on into rt_sigreturn with a frame of the thread's own state.
 */
export class RemoteCaller implements Disposable {
  private readonly original: Registers
  private readonly mask = Buffer.alloc(8)
  private readonly covered: { readonly at: Address; readonly bytes: Buffer }[] = []
  private inCall = false
  private stopWanted = false

  constructor(
    private readonly door: KernelDoor,
    private readonly memory: Memory,
    private readonly thread: StoppedThread,
    private readonly place: RemoteCallPlace,
  ) {
    this.original = thread.registers.copy()
    leaveRestartableSequence(door, memory, thread.tid, this.original)
  }

  /** @throws KernelError when the call fails; @throws ThreadGoneError */
  call(name: SyscallName, ...args: readonly (bigint | number)[]): bigint {
    this.enter()
    const registers = this.original.copy()
    registers.set('rip', this.place.stub)
    registers.set('rsp', this.frameAddress())
    registers.set('rax', BigInt(syscallNumbers.rt_sigreturn))
    registers.set('orig_rax', NO_SYSCALL)
    writeRegisters(this.door, this.thread.tid, registers)
    this.runTo(`remote ${name} entry`)
    this.exchange(name, args)
    this.runTo(`remote ${name} exit`)
    const result = insist(() => readRegisters(this.door, this.thread.tid)).signed('rax')
    if (result < 0n && isError(Number(result)))
      throw new KernelError({ name, args, purpose: 'in the target' }, -Number(result))
    return result
  }

  /**
   * The stub is entered with rt_sigreturn, which is always harmless; only in the entry stop, where the kernel takes the
   * number from orig_rax, does it become the call that is wanted.
   */
  private exchange(name: SyscallName, args: readonly (bigint | number)[]): void {
    const registers = insist(() => readRegisters(this.door, this.thread.tid))
    registers.set('orig_rax', BigInt(syscallNumbers[name]))
    for (const [index, register] of argumentRegisters.entries()) registers.set(register, BigInt(args[index] ?? 0))
    insist(() => writeRegisters(this.door, this.thread.tid, registers))
  }

  /** Writes over dead memory of the target; dispose puts back what was there. */
  cover(at: Address, bytes: Uint8Array): void {
    this.covered.push({ at, bytes: this.memory.read(at, bytes.length) })
    this.memory.write(at, bytes)
  }

  private frame: Address | undefined

  private frameAddress(): Address {
    assert(this.frame !== undefined, 'a remote call needs a frame')
    return this.frame
  }

  /** Before the first call: the frame is written, the thread can return through it, then its signals are held back. */
  private enter(): void {
    if (this.inCall) return
    this.cover(this.place.stub, remoteCallStub)
    ptrace(this.door, 'PTRACE_GETSIGMASK', this.thread.tid, 8, this.mask)
    const frame = buildSignalFrame(this.door, this.thread.tid, this.original, this.mask, this.place.frameTop)
    this.cover(frame.address, frame.bytes)
    this.frame = frame.ucontext
    const registers = this.original.copy()
    // In front of rt_sigreturn, so that a thread let go here returns at once.
    registers.set('rip', offsetBy(this.place.stub, 2))
    registers.set('rsp', frame.ucontext)
    registers.set('orig_rax', NO_SYSCALL)
    writeRegisters(this.door, this.thread.tid, registers)
    this.inCall = true
    ptrace(this.door, 'PTRACE_SETSIGMASK', this.thread.tid, 8, allSignals)
  }

  private runTo(what: string): void {
    for (;;) {
      // Half a call would leave it unknown whether the target has changed.
      insist(() => ptrace(this.door, 'PTRACE_SYSCALL', this.thread.tid))
      const stop = this.await(what)
      if (stop.event === 0 && stop.signal === SIGTRAP_SYSCALL) return
      this.noteSignal(stop)
    }
  }

  /** SIGSTOP cannot be held back by a mask: it is sent once more at the end. */
  private noteSignal({ event, signal }: { readonly event: number; readonly signal: number }): void {
    if (event === 0 && signal === SIGSTOP) this.stopWanted = true
  }

  private await(what: string): { readonly signal: number; readonly event: number } {
    const deadline = process.hrtime.bigint() + CALL_TIMEOUT_NS
    for (let looks = 0; process.hrtime.bigint() < deadline; looks++) {
      const seen = poll(this.door, this.thread.tid)
      if (seen.kind === 'gone') throw new ThreadGoneError(`thread ${this.thread.tid} ended during ${what}`)
      if (seen.kind === 'stopped') return seen
      pauseBetweenLooks(this.door, looks)
    }
    throw new ThreadGoneError(`thread ${this.thread.tid} does not come back from ${what} at ${hex(this.place.stub)}`)
  }

  /**
   * Back to a signal-type stop, from which the kernel restarts an interrupted call, with everything as it was. Where that
   * cannot be had, stub and frame stay: the thread returns through them once it is let go.
   */
  [Symbol.dispose](): void {
    if (this.inCall) this.leave()
    for (const { at, bytes } of this.covered.reverse()) insist(() => this.memory.write(at, bytes))
    this.covered.length = 0
  }

  private leave(): void {
    const { tid } = this.thread
    for (;;) {
      insist(() => ptrace(this.door, 'PTRACE_INTERRUPT', tid))
      insist(() => ptrace(this.door, 'PTRACE_CONT', tid))
      const stop = this.await('the end of a remote call')
      if (stop.event === PTRACE_EVENT_STOP) break
      this.noteSignal(stop)
    }
    insist(() => ptrace(this.door, 'PTRACE_SETSIGMASK', tid, 8, this.mask))
    insist(() => writeRegisters(this.door, tid, this.original))
    // It may have left a restartable sequence: who goes on with the thread in this stop is to know.
    this.original.bytes.copy(this.thread.registers.bytes)
    this.inCall = false
    if (this.stopWanted) this.door.invoke({ name: 'tgkill', args: [this.memory.pid, tid, SIGSTOP] })
  }
}
