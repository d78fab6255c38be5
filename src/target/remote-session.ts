import { type Address, address, offsetBy } from '../bytes/address.js'
import type { KernelDoor } from '../kernel/door.js'
import { PTRACE_O_SUSPEND_SECCOMP, PTRACE_O_TRACESYSGOOD, tryPtrace } from '../kernel/ptrace.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { encodeIntent, INTENT_ROOM, type IntendedRange } from './intent.js'
import type { Memory } from './memory.js'
import { type Mapping, mappingAt } from './memory-map.js'
import { thisProcess } from './owner.js'
import { FRAME_ROOM, RemoteCaller, type RemoteCallPlace, remoteCallStub } from './remote-call.js'
import type { StoppedThread } from './thread.js'

/** Bytes below the stack pointer that a leaf function may use (System V ABI, x86-64, 3.2.2). */
export const RED_ZONE = 128n
/** Where a stack that has never been used to its end takes the intent, from the lowest address. */
export const INTENT_OFFSET = 64
/** The code segment of 64-bit user code (arch/x86/include/asm/segment.h, __USER_CS). */
const USER_CS = 0x33n

export interface RemoteTarget {
  readonly door: KernelDoor
  readonly pid: number
  readonly memory: Memory
  /** Run-time address of the executable's entry point (AT_ENTRY): code that never runs again. */
  readonly entry: Address
  readonly maps: readonly Mapping[]
  /** A seccomp filter is in force: calls need it suspended. */
  readonly filtered: boolean
}

/**
 * Lets `work` make remote calls in a stopped thread, which must be the leader while there is one: nobody else uses the
 * process's first stack. `ranges` are those that `work` will map or unmap; `scratch`
 * are 64 bytes of dead stack, to be covered before they are used.
 */
export function withRemoteCalls<T>(
  target: RemoteTarget,
  thread: StoppedThread,
  ranges: readonly IntendedRange[],
  work: (caller: RemoteCaller, scratch: Address) => T | Refusal,
): T | Refusal {
  if (thread.registers.get('cs') !== USER_CS)
    return refuse('unsupported-process', `thread ${thread.tid} of process ${target.pid} runs 32-bit code`)
  const place = findPlace(target, thread)
  if (isRefusal(place)) return place
  const allowed = suspendFilter(target, thread)
  if (isRefusal(allowed)) return allowed
  try {
    using caller = new RemoteCaller(target.door, target.memory, thread, place)
    const covered = target.memory.read(place.stub, remoteCallStub.length)
    caller.cover(place.intent, encodeIntent({ stub: place.stub, covered, ranges, owner: thisProcess(target.door) }))
    return work(caller, place.scratch)
  } finally {
    if (target.filtered) tryPtrace(target.door, 'PTRACE_SETOPTIONS', thread.tid, 0, PTRACE_O_TRACESYSGOOD)
  }
}

function suspendFilter(target: RemoteTarget, thread: StoppedThread): Refusal | undefined {
  if (!target.filtered) return undefined
  const options = PTRACE_O_TRACESYSGOOD | PTRACE_O_SUSPEND_SECCOMP
  if (tryPtrace(target.door, 'PTRACE_SETOPTIONS', thread.tid, 0, options) === 0) return undefined
  return refuse(
    'seccomp',
    `process ${target.pid} is under a seccomp filter, and suspending it needs CAP_SYS_ADMIN: ring3 does not try system calls that may kill it`,
  )
}

interface Place extends RemoteCallPlace {
  /** Where the intent goes. */
  readonly intent: Address
  readonly scratch: Address
}

function findPlace(target: RemoteTarget, thread: StoppedThread): Place | Refusal {
  const text = mappingAt(target.maps, target.entry)
  if (text?.executable !== true) {
    return refuse('no-stack-room', `the entry point of process ${target.pid} is not mapped: no place for remote calls`)
  }
  const stack = target.maps.find(({ path }) => path === '[stack]')
  const rsp = thread.registers.get('rsp')
  if (stack !== undefined && stack.start <= rsp && rsp < stack.end) return belowStackPointer(target, stack, rsp)
  return untouchedStack(target, stack)
}

/** The ordinary case: memory below the red zone is dead. The intent lies where the stack has never been, if possible. */
function belowStackPointer(target: RemoteTarget, stack: Mapping, rsp: bigint): Place {
  const frameTop = address((rsp - RED_ZONE - 512n) & ~63n)
  const deepest = offsetBy(stack.start, INTENT_OFFSET)
  const intent = isZero(target.memory, deepest, INTENT_ROOM) ? deepest : offsetBy(frameTop, -FRAME_ROOM - INTENT_ROOM)
  return { stub: target.entry, frameTop, intent, scratch: frameTop }
}

/** The thread runs on another stack (a goroutine's, an alternate one): only never-used stack memory is surely dead. */
function untouchedStack(target: RemoteTarget, stack: Mapping | undefined): Place | Refusal {
  const room = INTENT_OFFSET + INTENT_ROOM + FRAME_ROOM
  if (stack !== undefined && isZero(target.memory, stack.start, room)) {
    const frameTop = address(offsetBy(stack.start, room) & ~63n)
    return { stub: target.entry, frameTop, intent: offsetBy(stack.start, INTENT_OFFSET), scratch: stack.start }
  }
  return refuse(
    'no-stack-room',
    `process ${target.pid} has no stack memory that is surely unused: nothing to make a remote call from`,
  )
}

function isZero(memory: Memory, from: Address, length: number): boolean {
  const bytes = memory.tryRead(from, length)
  return bytes.equals(Buffer.alloc(length))
}
