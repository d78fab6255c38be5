import type { Statement } from '../../../ir/statement.js'
import { RAX, RCX, RDI, RDX, RSI } from '../assembler.js'
import { borrowing } from './cold.js'
import { clobber, type Emission, withRegister } from './emission.js'
import { evaluate } from './evaluate.js'

/** Numbers of system calls (arch/x86/entry/syscalls/syscall_64.tbl). */
const GETPID = 39
const KILL = 62
const GETTID = 186
const TGKILL = 234
/** A system call changes rcx and this one. */
const R11 = 11

/**
 * The thread sends the signal itself, so that it is delivered before the handler goes on, if the thread does not block it. It asks the
 * kernel who it is: in a namespace of its own it has other numbers than the tracer knows.
 */
export function emitSendSignal(emission: Emission, { signal, to }: Statement & { op: 'send-signal' }): void {
  const { code } = emission
  clobber(emission, RAX, RCX, RDX, RDI, RSI)
  withRegister(emission, (number) => {
    evaluate(emission, signal, number)
    borrowing(emission, [R11], () => {
      code.move(RDX, number)
      systemCall(emission, GETPID)
      code.move(RDI, RAX)
      if (to === 'process') code.move(RSI, RDX)
      else {
        systemCall(emission, GETTID)
        code.move(RSI, RAX)
      }
      systemCall(emission, to === 'process' ? KILL : TGKILL)
    })
  })
}

function systemCall({ code }: Emission, number: number): void {
  code.moveImmediate(RAX, BigInt(number))
  code.systemCall()
}
