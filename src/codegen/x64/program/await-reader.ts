import type { Address } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import { CONTROL } from '../../../store/program-layout.js'
import type { Assembler } from '../assembler.js'
import { emitPreserving } from '../preserve.js'
import type { TrampolineSite } from '../trampolines.js'
import { newLabel } from './emission.js'
import { Encoder } from './encoder.js'
import { memory } from './operand.js'

/** Turns of `pause`: some tenths of a second, after which whoever reads is taken to be gone. */
const PATIENCE = 2n ** 23n

/**
 * Where the process is about to end: waits until what its handlers have left behind has been read, but not for long. It makes no
 * system call, and a forked child, which finds the data area wiped, goes on at once.
 */
export function emitAwaitReader(asm: Assembler, site: TrampolineSite, dataAddress: Address): void {
  const code = new Encoder(asm)
  emitPreserving(asm, site, 3, ({ scratch: [data, ticket, turns] }) => {
    assert(data !== undefined && ticket !== undefined && turns !== undefined, 'three scratch registers')
    const [wait, done] = [newLabel(), newLabel()]
    code.moveImmediate(data, dataAddress)
    code.arithmeticImmediate('cmp', memory(data, CONTROL.live), 0n)
    code.jumpIf('e', done)
    code.increment(memory(data, CONTROL.leaving), true)
    code.move(ticket, memory(data, CONTROL.leaving))
    code.moveImmediate(turns, PATIENCE)
    code.bind(wait)
    code.arithmetic('cmp', memory(data, CONTROL.released), ticket)
    code.jumpIf('ae', done)
    code.pause()
    code.arithmeticImmediate('sub', turns, 1n)
    code.jumpIf('ne', wait)
    code.bind(done)
  })
}
