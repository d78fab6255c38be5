import { address, offsetBy } from '../bytes/address.js'
import { PretendProcess } from '../kernel/pretend-process.js'
import { isRefusal } from '../refusal/refusal.js'
import { install } from '../target/install.js'
import type { AreaImage } from '../target/installation.js'
import { encodeHeader, HEADER_SIZE } from '../target/manifest.js'
import { TargetProcess } from '../target/target-process.js'
import { uninstall } from '../target/uninstall.js'

const PID = 2
const ENTRY = 0x401000
const SITE = 0x402000
const AREA = 0x300000
const DATA = 0x310000
const STACK = 0x7ffc_0000_0000
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
  const process_ = pretendProcess()
  const target = TargetProcess.open(process_, PID)
  if (isRefusal(target)) return false
  using open = target
  for (let round = 0; round < ROUNDS; round++) {
    const result = install(
      open,
      [area()],
      { start: address(DATA), size: 8192, backing: 'mapped', head: Buffer.alloc(8) },
      { threadPointers: true },
    )
    if (isRefusal(result)) return false
    uninstall(open, result.installation)
  }
  return true
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
  made.registers.writeBigUInt64LE(USER_CS, 136)
  made.registers.writeBigUInt64LE(BigInt(STACK + 0x20000), 152)
  made.registers.writeBigUInt64LE(BigInt(STACK), 168)
  const self = Buffer.alloc(8)
  self.writeBigUInt64LE(BigInt(STACK))
  made.poke(BigInt(STACK), self)
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
