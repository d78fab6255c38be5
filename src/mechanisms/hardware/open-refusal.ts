import { hex } from '../../bytes/address.js'
import type { KernelDoor } from '../../kernel/door.js'
import * as errno from '../../kernel/errno.js'
import { tryReadText } from '../../kernel/files.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { Breakpoint } from './plan.js'

const PARANOID = '/proc/sys/kernel/perf_event_paranoid'
/** The highest value at which the kernel itself lets users watch their own processes; distributions know higher ones. */
const PARANOID_BUT_OWN = 2

/** What perf_event_open refused. */
interface Attempt {
  readonly door: KernelDoor
  readonly breakpoint: Breakpoint
  readonly tid: number
}

const explanations: ReadonlyMap<number, (attempt: Attempt) => Refusal> = new Map([
  [errno.ENOSPC, exhausted],
  [errno.EACCES, notPermitted],
  [errno.EPERM, forbidden],
  [errno.EINVAL, notUnderstood],
  [errno.E2BIG, notUnderstood],
  [errno.ENOENT, withoutBreakpoints],
  [errno.EOPNOTSUPP, withoutBreakpoints],
  [errno.ENOSYS, withoutBreakpoints],
  [errno.EMFILE, outOfDescriptors],
  [errno.ENFILE, outOfDescriptors],
])

/** Why perf_event_open(2) said no (its section ERRORS), in a sentence; undefined for what is no expected no. */
export function explainOpen(error: number, attempt: Attempt): Refusal | undefined {
  return explanations.get(error)?.(attempt)
}

function exhausted({ breakpoint, tid }: Attempt): Refusal {
  return refuse(
    'hardware-exhausted',
    `${breakpoint.key}: thread ${tid} has no debug register left: there are four, and a debugger, perf or another ring3 holds some of them`,
  )
}

function notPermitted({ door, tid }: Attempt): Refusal {
  const paranoid = tryReadText(door, PARANOID)?.trim() ?? ''
  const because =
    Number(paranoid) > PARANOID_BUT_OWN
      ? `kernel.perf_event_paranoid is ${paranoid}; set it to ${PARANOID_BUT_OWN}, or run ring3 as root or with CAP_PERFMON`
      : 'it runs as another user, or has more rights than ring3; run ring3 as that user, as root, or with CAP_PERFMON'
  return refuse('hardware-not-permitted', `the kernel lets ring3 set no debug register of thread ${tid}: ${because}`)
}

function forbidden({ tid }: Attempt): Refusal {
  return refuse(
    'hardware-not-permitted',
    `the system call perf_event_open is forbidden here (thread ${tid}): a seccomp filter (containers have one) or a security module does that; allow it, or run ring3 outside`,
  )
}

function notUnderstood({ breakpoint: { key, address } }: Attempt): Refusal {
  return refuse(
    'hardware-unavailable',
    `${key}: the kernel takes no such breakpoint: ${hex(address)} is no address of a process, or the kernel is older than 5.13, which can watch threads without child processes`,
  )
}

function withoutBreakpoints(): Refusal {
  return refuse(
    'hardware-unavailable',
    'this kernel has no breakpoints in perf events (CONFIG_PERF_EVENTS, CONFIG_HAVE_HW_BREAKPOINT)',
  )
}

function outOfDescriptors({ tid }: Attempt): Refusal {
  return refuse(
    'hardware-unavailable',
    `ring3 has no file descriptor left for thread ${tid}: one is needed for each probe and thread, and with samples for each processor as well; raise ulimit -n`,
  )
}
