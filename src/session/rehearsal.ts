import { address, offsetBy } from '../bytes/address.js'
import { isError } from '../kernel/door.js'
import { EINTR, ENOSYS } from '../kernel/errno.js'
import { PretendProcess } from '../kernel/pretend-process.js'
import { openDoor, type SystemCalls } from '../kernel/real-door.js'
import { syscallNames } from '../kernel/syscall-numbers.js'
import { isRefusal } from '../refusal/refusal.js'
import { install } from '../target/install.js'
import type { AreaImage } from '../target/installation.js'
import { encodeHeader, HEADER_SIZE } from '../target/manifest.js'
import { Registers } from '../target/registers.js'
import { TargetProcess } from '../target/target-process.js'
import { uninstall } from '../target/uninstall.js'

const PID = 2
const ENTRY = 0x401000
const SITE = 0x402000
const AREA = 0x300000
const DATA = 0x310000
const STACK = 0x7ffc_0000_0000
/** What signal handlers return to: `mov $15,%rax; syscall`. */
const restorer = Buffer.from('48c7c00f0000000f05', 'hex')
const RESTORER = 0x401100
const RESTORERS = 4
/** Several, so that the loops over threads are compiled as well. */
const THREADS = Array.from({ length: 8 }, (_, index) => PID + index)
/** JavaScript is first interpreted, then compiled, then compiled well. */
const ROUNDS = 30
/** The code segment of 64-bit user code: a thread without it would be refused. */
const USER_CS = 0x33n

/**
 * Goes through a whole attach and detach on a pretend process, often enough for the code to be fast. Read, compiled and
 * optimized in the moment when the target is held, it would hold it for milliseconds.
 * @returns whether it went through to the end; a test asks.
 */
export function rehearse(): boolean {
  // Two, or the code would be made for one door alone.
  using first = new Rehearsal()
  using second = new Rehearsal()
  for (let round = 0; round < ROUNDS; round++) if (!(round % 2 === 0 ? first : second).goThrough()) return false
  return true
}

class Rehearsal implements Disposable {
  private readonly pretended = pretendProcess()
  private readonly target = TargetProcess.open(openDoor(systemCallsOf(this.pretended)), PID)
  private isInCall = false

  goThrough(): boolean {
    const { pretended, target } = this
    if (isRefusal(target)) return false
    this.isInCall = !this.isInCall
    setCall(pretended, this.isInCall)
    const data = { start: address(DATA), size: 8192, backing: 'mapped' as const, head: Buffer.alloc(8) }
    const result = install(target, [area()], data, { threadPointers: true })
    if (isRefusal(result)) return false
    uninstall(target, result.installation)
    return true
  }

  [Symbol.dispose](): void {
    if (!isRefusal(this.target)) this.target[Symbol.dispose]()
  }
}

/** The pretend process behind the door that the real one is behind, too. */
function systemCallsOf(pretended: PretendProcess): SystemCalls {
  let errno = 0
  return {
    syscall(number, ...args) {
      const name = syscallNames.get(number)
      const result =
        name === undefined ? -ENOSYS : pretended.invoke({ name, args: args.map((argument) => argument ?? 0) })
      if (!isError(result)) return result
      errno = -result
      return -1
    },
    errno: () => errno,
    pointerTo: (bytes) => pretended.pointerTo(bytes),
    awaitOwnThreads() {},
  }
}

/** Threads stand in a system call that the stop has ended, or in none: such registers are numbers that no small integer holds. */
function setCall({ registers }: PretendProcess, isInCall: boolean): void {
  const thread = new Registers(registers)
  thread.set('rax', isInCall ? BigInt(-EINTR) : 0n)
  thread.set('orig_rax', isInCall ? 0n : -1n)
}

function pretendProcess(): PretendProcess {
  const text = (value: string): Buffer => Buffer.from(value)
  const auxv = Buffer.alloc(32)
  auxv.writeBigUInt64LE(9n, 0)
  auxv.writeBigUInt64LE(BigInt(ENTRY), 8)
  const stat = `2 (pretend) S ${'1 '.repeat(40)}`
  const made = new PretendProcess({
    files: {
      '/proc/2/status': text('Tgid:\t2\nState:\tS\nTracerPid:\t0\nKthread:\t0\nSeccomp:\t0\n'),
      '/proc/2/task/2/exe': text('\x7fELF\x02\0\0\0\0\0\0\0\0\0\0\0'),
      ...Object.fromEntries(THREADS.map((tid) => [`/proc/2/task/${tid}/stat`, text(stat)])),
      ...Object.fromEntries(THREADS.map((tid) => [`/proc/2/task/${tid}/children`, text('')])),
      '/proc/2/task/2/auxv': auxv,
      '/proc/2/stat': text(stat),
      '/proc/2/task/2/status': text('Seccomp:\t0\n'),
      '/proc/2/task/2/mem': text(''),
      '/proc/2/task/2/maps': text(
        '00401000-00403000 r-xp 00000000 fe:00 7 /pretend\n7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]\n',
      ),
    },
    directories: { '/proc': ['2'], '/proc/2/task': THREADS.map(String) },
  })
  const thread = new Registers(made.registers)
  thread.set('rip', BigInt(ENTRY))
  thread.set('cs', USER_CS)
  thread.set('rsp', BigInt(STACK + 0x20000))
  thread.set('fs_base', BigInt(STACK))
  const self = Buffer.alloc(8)
  self.writeBigUInt64LE(BigInt(STACK))
  made.poke(BigInt(STACK), self)
  for (let at = 0; at < RESTORERS; at++) made.poke(BigInt(RESTORER + at * restorer.length), restorer)
  return made
}

function area(): AreaImage {
  const edit = {
    site: address(SITE),
    before: new Uint8Array(5),
    after: Uint8Array.of(0xe9, 1, 2, 3, 4),
    trampoline: offsetBy(address(AREA), HEADER_SIZE),
    trampolineStart: HEADER_SIZE,
    trampolineEnd: HEADER_SIZE + 32,
    points: [{ original: 5, relocated: 8 }],
    exits: [],
  }
  const manifest = {
    codeSize: 4096,
    dataAddress: address(DATA),
    dataSize: 8192,
    backing: 'mapped' as const,
    ownerPid: PID,
    ownerStart: 1n,
    edits: [edit],
  }
  const bytes = Buffer.alloc(4096)
  encodeHeader(manifest, HEADER_SIZE).copy(bytes)
  return { address: address(AREA), backing: 'mapped', bytes, edits: [edit] }
}
