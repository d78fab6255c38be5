import type { KernelDoor } from '../kernel/door.js'
import { EPERM, ESRCH } from '../kernel/errno.js'
import { tryReadText } from '../kernel/files.js'
import { KernelError } from '../kernel/kernel-error.js'
import { raisePriority } from '../kernel/priority.js'
import { PTRACE_EVENT_STOP, PTRACE_O_TRACESYSGOOD, tryPtrace } from '../kernel/ptrace.js'
import { pauseBetweenLooks, poll, sleep } from '../kernel/wait.js'
import { type Refusal, refuse } from '../refusal/refusal.js'
import { restartInterruptedCall } from './interrupted-call.js'
import { describeState, hadChildren, hasChildren, listThreads, readThreadState } from './process-state.js'
import type { Registers } from './registers.js'
import { Siginfo } from './siginfo.js'
import { readRegisters, type StoppedThread, writeRegisters } from './thread.js'

/** How long a thread may take to stop: longer means vfork or uninterruptible sleep. */
const STOP_TIMEOUT_NS = 1_000_000_000n
/** Rounds of the search for new threads before giving up on a target that makes them without end. */
const MAX_ROUNDS = 1000
const TRIES = 3
const SIGTRAP = 5
const SIGBUS = 7
const SIGSEGV = 11
/** Of the looks at threads that are waited for, those at which held ones are looked at, too: after 0.1 ms, and then every ten pauses. */
const FIRST_LOOK_AT_HELD = 100
const LOOKS_AT_HELD = 10
/** A last wait for a thread that did not stop in time, in microseconds. */
const LATE_PATIENCE_US = 100_000
const LATE_PAUSE_US = 1_000

/** What is done with threads that stay traced between stops. */
export interface ThreadKeeper {
  has(tid: number): boolean
  /** The thread was found traced already: it was born since. */
  add(tid: number): void
  /** A stop that comes before the one that was asked for. @returns whether the thread runs on; else it counts as held. */
  handle(tid: number, signal: number, event: number): boolean
  /** Lets a thread that was held go on, traced as before. `stopSignal`: that of the job control stop that it is in. */
  resume(tid: number, stopSignal: number): void
  /** Handles what has stopped. @returns whether there was anything. */
  pump(budgetNs: bigint): boolean
}

const keepers = new Map<number, ThreadKeeper>()

/** From here on a process's threads are not seized and let go at every stop, but kept. @returns what ends that. */
export function keepThreads(pid: number, keeper: ThreadKeeper): () => void {
  keepers.set(pid, keeper)
  return () => keepers.delete(pid)
}

const PUMP_PAUSE_US = 200
const REST_US = 50

/**
 * Lets a process run on between two stops. The stops that threads which stay traced make meanwhile are handled: else each
 * would stand in its next signal before long, and be stopped again at the first instruction of that signal's handler.
 */
export function letRun(door: KernelDoor, pid: number, microseconds: number): void {
  const keeper = keepers.get(pid)
  if (keeper === undefined) {
    sleep(door, microseconds)
    return
  }
  const budgetNs = BigInt(microseconds) * 1000n
  const deadline = process.hrtime.bigint() + budgetNs
  while (process.hrtime.bigint() < deadline) if (!keeper.pump(budgetNs)) sleep(door, PUMP_PAUSE_US)
}

/** All threads of a target, held. Everything that changes the target happens while this exists. */
export interface StoppedTarget extends Disposable {
  readonly threads: readonly StoppedThread[]
  /** How long the target has been held so far, or was until it was released. */
  heldNs(): bigint
  /** Lets every thread go on, detached. Idempotent; also called on dispose. */
  release(): void
}

/** Which threads a stop is about; all where nothing is said. */
export interface StopScope {
  readonly only?: number
  /** A thread that is held already. */
  readonly except?: number
  /** Among all, a thread that is to make remote calls. */
  readonly caller?: number
}

/** Seizes and stops the threads. Leaves nothing attached when it refuses, as far as the kernel lets it. */
export function stopTarget(door: KernelDoor, pid: number, scope: StopScope = {}): StoppedTarget | Refusal {
  const { only, except } = scope
  if (!keepers.has(pid)) door.awaitOwnThreads?.()
  const stop = new Stop(door, pid, only ?? scope.caller)
  try {
    const refusal = only === undefined ? stop.all(except) : stop.one(only)
    if (refusal === undefined) return stop
    stop.release()
    return refusal
  } catch (error) {
    stop.release()
    throw error
  }
}

/**
 * Threads that are still traced because they did not stop when they should. ptrace belongs to the OS thread, so this does,
 * too; when it ends, the kernel lets them go.
 */
const lingering = new Set<number>()

/** Threads that are traced by this OS thread, and are no longer to be: each is let go when it stops. */
export function letGoOf(tids: Iterable<number>): void {
  for (const tid of tids) lingering.add(tid)
}

/** Lets go of threads that have stopped by now. @returns whether any are left. */
export function detachLingering(door: KernelDoor, patienceUs = 0): boolean {
  for (const tid of lingering) tryPtrace(door, 'PTRACE_INTERRUPT', tid)
  for (let waited = 0; ; waited += LATE_PAUSE_US) {
    for (const tid of lingering) if (letGo(door, tid)) lingering.delete(tid)
    if (lingering.size === 0 || waited >= patienceUs) return lingering.size > 0
    sleep(door, LATE_PAUSE_US)
  }
}

function letGo(door: KernelDoor, tid: number): boolean {
  const seen = poll(door, tid)
  if (seen.kind !== 'stopped') return seen.kind === 'gone'
  readRestarting(door, tid)
  return tryPtrace(door, 'PTRACE_DETACH', tid, 0, seen.event === 0 ? seen.signal : 0) === 0
}

/**
 * No call may end for a stop, nor for a signal that is ignored: a traced thread is stopped for those, too. Undefined for a
 * thread that has been killed in its stop: the next look finds it gone. @throws KernelError
 */
function readRestarting(door: KernelDoor, tid: number): Registers | undefined {
  try {
    const registers = readRegisters(door, tid)
    if (restartInterruptedCall(registers)) writeRegisters(door, tid, registers)
    return registers
  } catch (error) {
    if (error instanceof KernelError && error.errno === ESRCH) return undefined
    throw error
  }
}

function isTracedByUs(door: KernelDoor, tid: number): boolean {
  return tracerOf(door, tid) === String(door.invoke({ name: 'gettid', args: [] }))
}

/** Its tracer, which is an OS thread; `0` for none. */
function tracerOf(door: KernelDoor, pid: number): string {
  return /^TracerPid:\t(\d+)/m.exec(tryReadText(door, `/proc/${pid}/status`) ?? '')?.[1] ?? '0'
}

class Stop implements StoppedTarget {
  readonly threads: StoppedThread[] = []
  private readonly seized = new Set<number>()
  private readonly unstopped = new Set<number>()
  /** A thread has gone while it was traced. */
  private lost = false
  private began: bigint | undefined
  private ended: bigint | undefined
  private restorePriority = (): void => {}
  /** Job control stops that threads were in, by thread. */
  private readonly stopSignals = new Map<number, number>()
  /** Threads that SIGCHLD may be sent to; those of a keeper stay traced, so that their order does not matter. */
  private readonly parents = new Set<number>()

  /** `caller`: a thread that is to make remote calls. */
  constructor(
    private readonly door: KernelDoor,
    private readonly pid: number,
    private readonly caller: number | undefined,
  ) {}

  private get keeper(): ThreadKeeper | undefined {
    return keepers.get(this.pid)
  }

  heldNs(): bigint {
    return this.began === undefined ? 0n : (this.ended ?? process.hrtime.bigint()) - this.began
  }

  /** Until no new thread appears: a stopped thread makes none, so the list becomes stable. */
  all(except: number | undefined): Refusal | undefined {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const fresh = listThreads(this.door, this.pid).filter((tid) => tid !== except && !this.seized.has(tid))
      const living = fresh.filter((tid) => !isEnded(this.door, this.pid, tid))
      if (living.length === 0) return this.threads.length > 0 || except !== undefined ? undefined : gone(this.pid)
      const refusal = this.these(living)
      if (refusal !== undefined) return refusal
    }
    return refuse('does-not-stop', `process ${this.pid} makes threads faster than they can be stopped`)
  }

  /** For remote calls. The others are held, too, if SIGCHLD could come for it meanwhile: see `release`. */
  one(tid: number): Refusal | undefined {
    return this.keeper !== undefined || !this.isParent(tid) ? this.these([tid]) : this.all(undefined)
  }

  /** It is the main thread that makes children in most programs. */
  private isParent(tid: number): boolean {
    return hasChildren(this.door, this.pid, tid) || (tid === this.pid && hadChildren(this.door, this.pid))
  }

  private these(tids: readonly number[]): Refusal | undefined {
    for (const tid of tids) {
      const refusal = this.seize(tid)
      if (refusal !== undefined) return refusal
    }
    this.hurry()
    for (const tid of this.unstopped) this.interrupt(tid)
    return this.awaitStops()
  }

  /**
   * A thread that has had more than its share waits for others whatever its priority (kernel/sched/fair.c, entity_eligible), for
   * milliseconds: so this one sleeps first. Where threads stay traced, stops come too often for that.
   */
  private hurry(): void {
    if (this.began !== undefined) return
    this.restorePriority = raisePriority(this.door)
    if (this.keeper === undefined) sleep(this.door, REST_US)
    this.began = process.hrtime.bigint()
  }

  private seize(tid: number): Refusal | undefined {
    const isOurs = lingering.delete(tid) || this.isKept(tid)
    const result = isOurs ? 0 : tryPtrace(this.door, 'PTRACE_SEIZE', tid, 0, PTRACE_O_TRACESYSGOOD)
    if (result === 0) {
      this.seized.add(tid)
      this.unstopped.add(tid)
      if (this.keeper === undefined && this.isParent(tid)) this.parents.add(tid)
      return undefined
    }
    if (result === -ESRCH || isEnded(this.door, this.pid, tid)) return undefined
    if (result === -EPERM) return notPermitted(this.door, this.pid)
    throw new KernelError({ name: 'ptrace', args: [tid], purpose: 'PTRACE_SEIZE' }, -result)
  }

  private isKept(tid: number): boolean {
    if (this.keeper === undefined) return false
    if (!this.keeper.has(tid) && isTracedByUs(this.door, tid)) this.keeper.add(tid)
    return this.keeper.has(tid)
  }

  private interrupt(tid: number): void {
    for (let tries = 0; tries < TRIES; tries++) if (tryPtrace(this.door, 'PTRACE_INTERRUPT', tid) === 0) return
  }

  private awaitStops(): Refusal | undefined {
    const deadline = process.hrtime.bigint() + STOP_TIMEOUT_NS
    for (let looks = 0; ; looks++) {
      for (const tid of this.unstopped) this.look(tid)
      if (this.unstopped.size === 0) return undefined
      if (process.hrtime.bigint() > deadline) return this.unstoppable()
      if (looks >= FIRST_LOOK_AT_HELD && looks % LOOKS_AT_HELD === 0) this.reapHeld()
      pauseBetweenLooks(this.door, looks)
    }
  }

  /** A thread that calls exec waits for all others to end, and those that are held here end only when they are reaped. */
  private reapHeld(): void {
    const gone = this.threads.filter(({ tid }) => poll(this.door, tid).kind === 'gone')
    for (const thread of gone) this.threads.splice(this.threads.indexOf(thread), 1)
    if (gone.length > 0) this.lost = true
  }

  private look(tid: number): void {
    const seen = poll(this.door, tid)
    if (seen.kind === 'running') return
    if (seen.kind === 'gone') {
      this.unstopped.delete(tid)
      this.lost = true
      return
    }
    if (seen.event === PTRACE_EVENT_STOP) this.hold(tid, seen.signal)
    else if (this.isHeldFor(tid, seen.signal, seen.event)) this.take(tid, seen.signal)
    else this.goOn(tid, seen.signal, seen.event)
  }

  /**
   * Threads that are about to get a signal stay so: all of a keeper's, of others those that have made a fault. If it was
   * delivered, they would next stop at the handler's first instruction, at every stop again where signals are frequent, and never be
   * found anywhere else. But nobody can make remote calls there.
   */
  private isHeldFor(tid: number, signal: number, event: number): boolean {
    if (tid === this.caller || event !== 0 || signal === SIGTRAP) return false
    return this.keeper !== undefined || isOfFaults(signal)
  }

  /**
   * A signal-delivery stop came first: the thread takes its signal. Any stop uses up the interrupt (kernel/signal.c,
   * ptrace_stop), so another is sent before the thread goes on.
   */
  private goOn(tid: number, signal: number, event: number): void {
    this.interrupt(tid)
    if (this.keeper?.handle(tid, signal, event) === false) this.take(tid, signal)
    else if (this.keeper === undefined) this.deliver(tid, event !== 0 || this.comesAgain(tid) ? 0 : signal)
  }

  /** The signal of a fault: a thread that is to make remote calls is had in front of the instruction that makes it again. */
  private comesAgain(tid: number): boolean {
    return tid === this.caller && Siginfo.of(this.door, tid)?.isOfMissingMemory === true
  }

  private deliver(tid: number, signal: number): void {
    readRestarting(this.door, tid)
    tryPtrace(this.door, 'PTRACE_CONT', tid, 0, signal)
  }

  private hold(tid: number, signal: number): void {
    if (signal !== SIGTRAP) this.stopSignals.set(tid, signal)
    this.take(tid)
  }

  /** Holds the thread from here on, if it is there. `signal`: that of its stop, in which it stays. */
  private take(tid: number, signal?: number): void {
    const registers = readRestarting(this.door, tid)
    if (registers === undefined) return
    this.threads.push(signal === undefined ? { tid, registers } : { tid, registers, signal })
    this.unstopped.delete(tid)
  }

  private unstoppable(): Refusal {
    const states = [...this.unstopped].map((tid) => describeState(tid, readThreadState(this.door, this.pid, tid)))
    return refuse('does-not-stop', `did not stop within 1 s: ${states.join(', ')}`)
  }

  /**
   * Parents first: while one of them is traced and stopped, a SIGCHLD that is ignored is sent to another thread all the same,
   * and ends the call that this one is in if nobody traces it any more (kernel/signal.c, sig_ignored and complete_signal).
   * The leader last: a process whose leader is let go first cannot be waited for while the others are held.
   */
  release(): void {
    const threads = this.threads.toReversed()
    for (const thread of threads) if (this.parents.has(thread.tid)) this.letGo(thread)
    for (const thread of threads) if (!this.parents.has(thread.tid)) this.letGo(thread)
    this.threads.length = 0
    this.restorePriority()
    this.restorePriority = () => {}
    this.ended ??= process.hrtime.bigint()
    // A kept one is let go when its stop is seen.
    if (this.keeper === undefined) for (const tid of this.unstopped) lingering.add(tid)
    this.unstopped.clear()
    // After exec in a thread, that thread goes on under the leader's number, still traced; a kept one is to be.
    if (this.lost && this.keeper === undefined && isTracedByUs(this.door, this.pid)) lingering.add(this.pid)
    this.lost = false
    detachLingering(this.door, LATE_PATIENCE_US)
  }

  /** Whether a thread of a keeper goes on that has stayed in a stop of its own is the keeper's to say. */
  private letGo({ tid, signal }: StoppedThread): void {
    if (this.keeper === undefined) this.detach(tid, signal ?? 0)
    else if (signal === undefined) this.keeper.resume(tid, this.stopSignals.get(tid) ?? 0)
  }

  /** A thread that has died meanwhile is reaped instead: nobody else can, while it is traced. */
  private detach(tid: number, signal: number): void {
    for (let tries = 0; tries < TRIES; tries++) {
      if (tryPtrace(this.door, 'PTRACE_DETACH', tid, 0, signal) === 0 || poll(this.door, tid).kind === 'gone') return
    }
    lingering.add(tid)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

function isOfFaults(signal: number): boolean {
  return signal === SIGSEGV || signal === SIGBUS
}

function isEnded(door: KernelDoor, pid: number, tid: number): boolean {
  const state = readThreadState(door, pid, tid)
  return state === undefined || state === 'Z' || state === 'X'
}

function gone(pid: number): Refusal {
  return refuse('target-gone', `process ${pid} has ended`)
}

function notPermitted(door: KernelDoor, pid: number): Refusal {
  const tracer = tracerOf(door, pid)
  return tracer === '0'
    ? refuse('not-permitted', `the kernel does not allow tracing process ${pid}`)
    : refuse('already-traced', `process ${pid} is being traced by process ${tracer}`)
}
