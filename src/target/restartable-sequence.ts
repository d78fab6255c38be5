import { address } from '../bytes/address.js'
import type { KernelDoor } from '../kernel/door.js'
import { tryPtrace } from '../kernel/ptrace.js'
import type { Memory } from './memory.js'
import type { Registers } from './registers.js'

/** struct ptrace_rseq_configuration (include/uapi/linux/ptrace.h). */
const CONFIGURATION_SIZE = 24
/** Offset of rseq_cs in struct rseq, and the fields of struct rseq_cs (include/uapi/linux/rseq.h). */
const RSEQ_CS = 8
const CRITICAL_SECTION_SIZE = 32
const START_IP = 8
const POST_COMMIT_OFFSET = 16
const ABORT_IP = 24

/**
 * A thread that is taken elsewhere in the middle of a restartable sequence has left it: as after a preemption, it must
 * continue at the abort handler. The kernel cannot see that when it finds the thread outside, so it is done here.
 */
export function leaveRestartableSequence(door: KernelDoor, memory: Memory, tid: number, registers: Registers): void {
  const configuration = Buffer.alloc(CONFIGURATION_SIZE)
  if (tryPtrace(door, 'PTRACE_GET_RSEQ_CONFIGURATION', tid, CONFIGURATION_SIZE, configuration) < 0) return
  const area = configuration.readBigUInt64LE(0)
  const pointer = area === 0n ? 0n : readWord(memory, area + BigInt(RSEQ_CS))
  if (pointer === 0n) return
  const section = memory.tryRead(address(pointer), CRITICAL_SECTION_SIZE)
  if (section.length < CRITICAL_SECTION_SIZE) return
  const into = registers.rip - section.readBigUInt64LE(START_IP)
  if (into >= 0n && into < section.readBigUInt64LE(POST_COMMIT_OFFSET))
    registers.set('rip', section.readBigUInt64LE(ABORT_IP))
}

function readWord(memory: Memory, at: bigint): bigint {
  const word = memory.tryRead(address(at), 8)
  return word.length < 8 ? 0n : word.readBigUInt64LE()
}
