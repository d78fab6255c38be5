import type { KernelDoor } from '../kernel/door.js'
import { readDirectory, readLink, tryReadText } from '../kernel/files.js'
import { sleep } from '../kernel/wait.js'
import { type Refusal, refuse } from '../refusal/refusal.js'
import { listThreads, livingThread, readThreadState } from './process-state.js'

const KCMP_VM = 1
/** A child of vfork may be on its way in or out when it is first seen. */
const SHARING_TRIES = 5
const SHARING_PAUSE_US = 10_000

/** Everything about a process that speaks against touching it, as far as it can be seen from outside. */
export function inspect(door: KernelDoor, pid: number): Refusal | undefined {
  const status = tryReadText(door, `/proc/${pid}/status`)
  if (status === undefined) return refuse('no-such-process', `there is no process ${pid}`)
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
  if (Number(field('PPid')) === process.pid) return ownChild(pid)
  const group = Number(field('Tgid'))
  if (group !== pid) return refuse('no-such-process', `${pid} is a thread of process ${group}: use -p ${group}`)
  if (livingThread(door, pid) === undefined)
    return refuse('zombie', `process ${pid} (${field('Name')}) has ended and waits for its parent to notice`)
  if (isKernelThread(door, pid, field))
    return refuse('kernel-thread', `${pid} (${field('Name')}) is a kernel thread: it has no user code to probe`)
  const tracer = field('TracerPid')
  if (tracer !== '0' && tracer !== '') return alreadyTraced(door, pid, tracer)
  return undefined
}

/** libuv waits for the children of its process and takes their ptrace stops for exits. */
function ownChild(pid: number): Refusal {
  return refuse(
    'own-child',
    `process ${pid} is a child of this very process, whose runtime would take its stops for its end: run ring3 as another process, or start the child from one`,
  )
}

function isKernelThread(door: KernelDoor, pid: number, field: (name: string) => string): boolean {
  const said = field('Kthread')
  if (said !== '') return said === '1'
  return field('VmSize') === '' && readLink(door, `/proc/${pid}/exe`) === undefined
}

function alreadyTraced(door: KernelDoor, pid: number, tracer: string): Refusal {
  const name = tryReadText(door, `/proc/${tracer}/comm`)?.trim()
  const who = name === undefined ? `process ${tracer}` : `${name} (process ${tracer})`
  return refuse('already-traced', `process ${pid} is being traced by ${who}: a process can have one tracer at a time`)
}

/** Why the kernel says no, and what would help (ptrace(2), "Ptrace access mode checking"). */
export function explainDenial(door: KernelDoor, pid: number): Refusal {
  const status = tryReadText(door, `/proc/${pid}/status`) ?? ''
  const owner = /^Uid:\s*(\d+)/m.exec(status)?.[1]
  const mine = String(process.geteuid?.() ?? 0)
  const scope = tryReadText(door, '/proc/sys/kernel/yama/ptrace_scope')?.trim()
  const begin = `the kernel does not allow tracing process ${pid}: `
  if (owner !== undefined && owner !== mine && mine !== '0') {
    return refuse(
      'not-permitted',
      `${begin}it runs as user ${owner}, ring3 as user ${mine}; run ring3 as that user, as root, or with CAP_SYS_PTRACE`,
    )
  }
  if (scope !== undefined && scope !== '0' && mine !== '0') {
    return refuse(
      'not-permitted',
      `${begin}kernel.yama.ptrace_scope is ${scope}; set it to 0 (sysctl kernel.yama.ptrace_scope=0), or run ring3 as root or with CAP_SYS_PTRACE`,
    )
  }
  return refuse(
    'not-permitted',
    `${begin}it has more rights than ring3, or has made itself undumpable (prctl PR_SET_DUMPABLE); run ring3 as root or with CAP_SYS_PTRACE`,
  )
}

/**
 * Another process on the same memory would run the patched text without ever being stopped. A child of vfork is no reason:
 * its parent stops as soon as the child is done, and can then start no other.
 */
export function checkMemoryIsOwn(door: KernelDoor, pid: number): Refusal | undefined {
  for (let tries = 0; tries < SHARING_TRIES; tries++) {
    const other = findSharer(door, pid)
    if (other === undefined || hasThreadInVfork(door, pid)) return undefined
    if (tries === SHARING_TRIES - 1) return sharesMemory(pid, other)
    sleep(door, SHARING_PAUSE_US)
  }
  return undefined
}

export function sharesMemory(pid: number, other: number): Refusal {
  return refuse(
    'shares-memory',
    `process ${pid} shares its memory with process ${other} (clone with CLONE_VM): ring3 cannot hold both at once`,
  )
}

function hasThreadInVfork(door: KernelDoor, pid: number): boolean {
  return listThreads(door, pid).some((tid) => readThreadState(door, pid, tid) === 'D')
}

/** Another process with the same memory, if there is one. */
export function findSharer(door: KernelDoor, pid: number): number | undefined {
  return readDirectory(door, '/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((other) => other !== pid && door.invoke({ name: 'kcmp', args: [pid, other, KCMP_VM, 0, 0] }) === 0)
}
