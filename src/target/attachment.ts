import { type Address, offsetBy } from '../bytes/address.js'
import { unreachable } from '../bytes/assert.js'
import { SI_KERNEL, TRAP_TRACE } from '../codegen/x64/signals/kernel-constants.js'
import type { KernelDoor } from '../kernel/door.js'
import { ESRCH } from '../kernel/errno.js'
import { KernelError } from '../kernel/kernel-error.js'
import {
  bornIn,
  PTRACE_EVENT_CLONE,
  PTRACE_EVENT_EXEC,
  PTRACE_EVENT_STOP,
  PTRACE_EVENT_VFORK,
  PTRACE_O_TRACECLONE,
  PTRACE_O_TRACEEXEC,
  PTRACE_O_TRACESYSGOOD,
  PTRACE_O_TRACEVFORK,
  tryPtrace,
} from '../kernel/ptrace.js'
import {
  awaitAny,
  impatience,
  type Patience,
  poll,
  pollAny,
  reapStop,
  type SeenStop,
  type WaitResult,
  yieldProcessor,
} from '../kernel/wait.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import { CpuFollower } from './cpu-follower.js'
import { restartInterruptedCall } from './interrupted-call.js'
import type { Interruption } from './interrupted-wait.js'
import { kinshipOf, leavesSetuidAlone } from './kinship.js'
import type { Memory } from './memory.js'
import { isCaught } from './process-state.js'
import { Siginfo } from './siginfo.js'
import type { TargetProcess } from './target-process.js'
import { detachLingering, keepThreads, letGoOf, stopTarget, type ThreadKeeper } from './threads.js'
import { TracedThread } from './traced-thread.js'

const SIGTRAP = 5
const INT3_LENGTH = 1

/**
 * What a thread that has stopped does next. `wait`: it stays as it is until `goOn` is called for it. `later`: it stays, and
 * is asked about again. `stopped-again`: it stands in another stop by now, which is handled like any. `not-ours`: the stop is
 * the program's business.
 */
export type Next = 'go-on' | 'step' | 'wait' | 'later' | 'stopped-again' | 'not-ours'

/** Decides what traps of traced threads mean. */
export interface TrapObserver {
  /** The thread has executed `int3` at `at`; its instruction pointer is behind it. */
  trapped(thread: TracedThread, at: Address): Next
  /** The thread has made a single step. */
  stepped(thread: TracedThread): Next
  /** A signal is about to be delivered: its frame will show the registers as they are left here. */
  interrupted(thread: TracedThread, signal: number): void
  /** A thread that answered `later` is asked about again, in the same stop. */
  retried(thread: TracedThread): Next
  /** A thread that waits must go on now: the target is to be stopped, or left. */
  abandoned(thread: TracedThread): void
  /** The thread has ended, or executes another program now. */
  gone(tid: number): void
}

/**
 * All threads of a target, present and future, traced by this OS thread as long as probes want their traps. Stops are
 * looked at and never reaped, so that a killed tracer swallows no signal.
 */
export class Attachment implements ThreadKeeper {
  private readonly threads = new Map<number, TracedThread>()
  private readonly waiting = new Set<number>()
  private readonly postponed = new Set<number>()
  /** Those of `threads` that are processes of their own. */
  private readonly guests = new Set<number>()
  /** Born traced, and not yet seen in the stop in which they can be let go. */
  private readonly strangers = new Set<number>()
  private readonly options: number
  private readonly forget: () => void

  private constructor(
    private readonly door: KernelDoor,
    readonly pid: number,
    private readonly memory: Memory,
    private readonly observer: TrapObserver,
    private readonly follower: CpuFollower | undefined,
  ) {
    this.forget = keepThreads(pid, this)
    const always = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC
    this.options = leavesSetuidAlone(door) ? always | PTRACE_O_TRACEVFORK : always
  }

  /** Attaches to all threads; they run on. `follow`: onto the processor of a thread that makes most of the hits. */
  static attach(target: TargetProcess, observer: TrapObserver, follow: boolean): Attachment | Refusal {
    const { door, pid, memory } = target
    const stop = stopTarget(door, pid)
    if (isRefusal(stop)) return stop
    using held = stop
    const attachment = new Attachment(door, pid, memory, observer, follow ? new CpuFollower(door, pid) : undefined)
    for (const { tid } of held.threads) attachment.add(tid)
    return attachment
  }

  /**
   * Handles what has stopped since, for at most so long, and where there is nothing, waits as `patience` allows.
   * @returns whether there was anything.
   */
  pump(budgetNs: bigint, patience: Patience = impatience): boolean {
    const deadline = performance.now() + Number(budgetNs) / 1e6
    let any = false
    while (this.pumpOnce(patience)) {
      any = true
      if (performance.now() > deadline) return true
    }
    this.follower?.sawNothing()
    return any
  }

  /** Gives back what hits alone have a use for, until the next come. */
  rest(): void {
    this.follower?.leave()
  }

  /** The stop of a thread that stays stays visible: while there is one, each thread is asked. */
  private pumpOnce(patience: Patience): boolean {
    if (this.waiting.size + this.postponed.size > 0) return this.pumpEach()
    const found = patience(() => awaitAny(this.door)) ?? this.lookAround()
    if (found === undefined) return false
    this.see(found.tid, found.seen)
    return true
  }

  private lookAround(): SeenStop | undefined {
    const found = pollAny(this.door)
    if (found !== undefined) return found
    // It may be this processor that the threads are waiting for.
    yieldProcessor(this.door)
    return pollAny(this.door)
  }

  private pumpEach(): boolean {
    let any = false
    for (const tid of [...this.threads.keys(), ...this.strangers]) {
      const seen = poll(this.door, tid)
      // Who waits stays stopped, but can be killed, and an exec waits until that is seen.
      if (seen.kind === 'running' || (seen.kind === 'stopped' && this.waiting.has(tid))) continue
      any = true
      this.see(tid, seen)
    }
    return any
  }

  private see(tid: number, seen: WaitResult): void {
    if (seen.kind === 'stopped') this.handle(tid, seen.signal, seen.event)
    else if (seen.kind === 'gone') this.drop(tid)
  }

  private drop(tid: number): void {
    for (const those of [this.threads, this.waiting, this.postponed, this.guests, this.strangers]) those.delete(tid)
    this.observer.gone(tid)
  }

  /** Whether there are other processes in the target's memory: whoever waits for one in vfork cannot be stopped. */
  get hasGuests(): boolean {
    return this.guests.size > 0
  }

  has(tid: number): boolean {
    return this.threads.has(tid)
  }

  add(tid: number): void {
    this.threads.set(tid, new TracedThread(this.door, tid))
    tryPtrace(this.door, 'PTRACE_SETOPTIONS', tid, 0, this.options)
  }

  handle(tid: number, signal: number, event: number): boolean {
    return unlessKilled(() => this.respond(this.thread(tid), signal, event))
  }

  private respond(thread: TracedThread, signal: number, event: number): boolean {
    const { tid } = thread
    if (!this.has(tid)) return this.dismiss(tid, event === 0 ? signal : 0)
    // Only who stays in a stop has registers set that are still to be written.
    if (!this.waiting.has(tid) && !this.postponed.has(tid)) thread.forget()
    if (this.waiting.delete(tid)) this.observer.abandoned(thread)
    else if (event === 0) return this.onSignal(thread, signal)
    else if (event === PTRACE_EVENT_STOP) return this.resume(tid, signal === SIGTRAP ? 0 : signal)
    else if (event === PTRACE_EVENT_EXEC && this.guests.has(tid)) return this.dismiss(tid, 0)
    else if (event === PTRACE_EVENT_EXEC) return this.onExec(tid)
    else if (event === PTRACE_EVENT_CLONE || event === PTRACE_EVENT_VFORK) this.onBirth(tid)
    return this.proceed(thread, 'PTRACE_CONT', 0)
  }

  /** While some threads stay, nobody is seen who is not known by number. */
  private onBirth(tid: number): void {
    const born = bornIn(this.door, tid)
    if (born === undefined || this.has(born)) return
    this.thread(born)
    if (!this.has(born)) this.strangers.add(born)
  }

  /** A thread born since is first seen in a stop of its own, or in its maker's. */
  private thread(tid: number): TracedThread {
    const known = this.threads.get(tid)
    if (known !== undefined) return known
    const thread = new TracedThread(this.door, tid)
    const kinship = kinshipOf(this.door, this.pid, tid)
    if (kinship !== 'stranger') this.threads.set(tid, thread)
    if (kinship === 'guest') this.guests.add(tid)
    return thread
  }

  /** A child process with memory of its own. */
  private dismiss(tid: number, signal: number): true {
    this.drop(tid)
    tryPtrace(this.door, 'PTRACE_DETACH', tid, 0, signal)
    return true
  }

  resume(tid: number, stopSignal: number): boolean {
    const thread = this.thread(tid)
    if (stopSignal !== 0) return tryPtrace(this.door, 'PTRACE_LISTEN', tid) === 0
    if (restartInterruptedCall(thread.registers)) thread.touch()
    return this.proceed(thread, thread.stepping ? 'PTRACE_SINGLESTEP' : 'PTRACE_CONT', 0)
  }

  private onSignal(thread: TracedThread, signal: number): boolean {
    const again = this.postponed.delete(thread.tid)
    const next = signal !== SIGTRAP ? 'not-ours' : again ? this.observer.retried(thread) : this.onTrap(thread)
    return this.carryOut(thread, signal, next)
  }

  /** @returns whether the thread runs on, or is somebody's to let go. */
  private carryOut(thread: TracedThread, signal: number, next: Next): boolean {
    switch (next) {
      case 'go-on':
        return this.proceed(thread, 'PTRACE_CONT', 0)
      case 'step':
        return this.proceed(thread, 'PTRACE_SINGLESTEP', 0)
      case 'wait':
        this.waiting.add(thread.tid)
        return true
      case 'stopped-again':
        return true
      case 'later':
        this.postponed.add(thread.tid)
        return false
      case 'not-ours':
        // The kernel stops a traced thread for signals that it would have ignored otherwise.
        if (thread.wait.restart(thread.registers, this.interruption(signal))) thread.touch()
        this.observer.interrupted(thread, signal)
        return this.proceed(thread, 'PTRACE_CONT', signal)
      default:
        return unreachable(next)
    }
  }

  private interruption(signal: number): Interruption {
    return {
      nowMs: performance.now(),
      isCaught: () => isCaught(this.door, this.pid, signal),
      readWord: (at) => {
        const word = this.memory.tryRead(at, 8)
        return word.length === 8 ? word.readBigInt64LE() : undefined
      },
    }
  }

  private onTrap(thread: TracedThread): Next {
    this.follower?.saw(thread.tid)
    const code = Siginfo.codeOf(this.door, thread.tid)
    if (code === SI_KERNEL) return this.observer.trapped(thread, offsetBy(thread.registers.rip, -INT3_LENGTH))
    return code === TRAP_TRACE ? this.observer.stepped(thread) : 'not-ours'
  }

  /** Lets a thread that waits go on, as `decide` says once it has set the registers. @throws KernelError */
  goOn(tid: number, decide: (thread: TracedThread) => Next): void {
    const thread = this.threads.get(tid)
    if (thread === undefined || !this.waiting.delete(tid)) return
    unlessKilled(() => this.carryOut(thread, SIGTRAP, decide(thread)))
  }

  private proceed(thread: TracedThread, request: 'PTRACE_CONT' | 'PTRACE_SINGLESTEP', signal: number): true {
    thread.commit()
    thread.stepping = request === 'PTRACE_SINGLESTEP'
    tryPtrace(this.door, request, thread.tid, 0, signal)
    return true
  }

  /**
   * Only the thread that called exec is left, under the leader's number. Until this stop is reaped, the kernel takes the
   * number for one that the tracer cannot mean (kernel/ptrace.c, looks_like_a_spurious_pid). There is no signal in it to lose.
   */
  private onExec(tid: number): true {
    reapStop(this.door, tid)
    letGoOf(this.guests)
    for (const other of [...this.threads.keys()]) this.drop(other)
    this.threads.set(tid, new TracedThread(this.door, tid))
    tryPtrace(this.door, 'PTRACE_CONT', tid)
    return true
  }

  /** Lets all threads go: those that cannot be stopped, as soon as they can. */
  detach(): void {
    this.rest()
    const stop = stopTarget(this.door, this.pid)
    this.forget()
    letGoOf([...this.guests, ...this.strangers])
    if (isRefusal(stop)) letGoOf(this.threads.keys())
    else stop.release()
    detachLingering(this.door)
  }
}

/** A thread may be killed in its stop: the next look finds it gone. */
function unlessKilled(work: () => boolean): boolean {
  try {
    return work()
  } catch (error) {
    if (error instanceof KernelError && error.errno === ESRCH) return true
    throw error
  }
}
