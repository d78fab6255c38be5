import { hex, offsetBy } from '../../../src/bytes/address.js'
import { type CpuState, MemoryFault } from '../../../src/isa/x64/emulate/cpu-state.js'
import { type Emulation, emulationOf } from '../../../src/isa/x64/emulate/emulation-of.js'
import { eflagsOf } from '../../../src/isa/x64/emulate/flags.js'
import { CODE_AT, regionOf } from './machine-memory.js'
import type { NativeRunner } from './native-runner.js'
import type { Case } from './random-case.js'
import { RecordedCpu } from './recorded-cpu.js'
import type { Outcome } from './run-record.js'
import { type Place, stateDifference } from './state-difference.js'
import { differs, type Executed, notServed, same, type Verdict, type Way } from './way.js'

/** The instruction executed on the initial state in TypeScript, and again as after a tracer that was killed half way. */
export const emulatedWay: Way = {
  name: 'emulated',
  compare: (executed, runner) => executed.map((each) => compareOne(each, runner)),
}

const SIGTRAP = 5
const SI_KERNEL = 0x80

function compareOne({ subject, native }: Executed, { memory }: NativeRunner): Verdict {
  const emulation = emulationOf(subject.bytes, CODE_AT)
  if (emulation === undefined) return notServed('not emulated')
  const cpu = new RecordedCpu(subject, memory)
  const done = executeOn(cpu, emulation)
  if (done !== 'done') return notDone(done, cpu, subject, native, emulation)
  const difference =
    stateDifference(behind(native), stateOf(cpu), eflagsOf(subject.undefinedFlags)) ??
    writeDifference(native, cpu) ??
    repeatDifference(subject, cpu, emulation)
  return difference === undefined ? same : differs(difference)
}

function executeOn(cpu: CpuState, emulation: Emulation): 'done' | 'declined' | 'faulted' {
  try {
    return emulation.execute(cpu) ? 'done' : 'declined'
  } catch (error) {
    if (error instanceof MemoryFault) return 'faulted'
    throw error
  }
}

/** Nothing may have changed; and what faults has to fault on the processor too. */
function notDone(
  done: 'declined' | 'faulted',
  cpu: RecordedCpu,
  subject: Case,
  native: Outcome,
  { name }: Emulation,
): Verdict {
  const before = { rip: CODE_AT, registers: subject.registers, flags: subject.flags }
  const touched = cpu.writes.size > 0 ? 'memory was written' : stateDifference(before, stateOf(cpu))
  if (touched !== undefined) return differs(`${done}, and ${touched}`)
  if (cpu.touchedCode) return notServed('touches code')
  if (done === 'declined') return notServed(`declined: ${name}`)
  return native.rip === CODE_AT && native.signal !== SIGTRAP ? same : differs('the emulation faults')
}

function stateOf({ rip, registers, eflags }: RecordedCpu): Place {
  return { rip, registers, flags: eflags }
}

/** A run that came to the next instruction was ended by an int3 there. */
function behind(native: Outcome): Place {
  const trapped = native.signal === SIGTRAP && native.code === SI_KERNEL
  return trapped ? { ...native, rip: offsetBy(native.rip, -1) } : native
}

function writeDifference({ changes }: Outcome, { writes, memory }: RecordedCpu): string | undefined {
  for (const at of [...writes.keys(), ...changes.keys()]) {
    const word = at & ~7n
    const offset = regionOf(word)?.offset ?? 0
    const bytes = Buffer.from(memory.subarray(offset, offset + 8))
    const before = bytes.readBigUInt64LE()
    for (let index = 0; index < 8; index++) bytes[index] = writes.get(word + BigInt(index)) ?? bytes[index] ?? 0
    const written = bytes.readBigUInt64LE()
    if (written !== (changes.get(word) ?? before)) return `the word at ${hex(word)} is ${hex(written)}`
  }
  return undefined
}

/** Memory is written before registers are: once more from the same registers has to do the same. */
function repeatDifference(subject: Case, first: RecordedCpu, emulation: Emulation): string | undefined {
  const second = new RecordedCpu(subject, first.memory, new Map(first.writes))
  if (executeOn(second, emulation) !== 'done') return 'it cannot be repeated'
  const difference = stateDifference(stateOf(first), stateOf(second))
  if (difference !== undefined) return `repeated, ${difference}`
  const rewritten = [...first.writes].some(([at, byte]) => second.writes.get(at) !== byte)
  return rewritten ? 'repeated, it writes something else' : undefined
}
