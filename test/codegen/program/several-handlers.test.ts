/** Handlers at one site run one after the other: none may lose what a later one reads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from '../../../src/bytes/address.js'
import { Assembler, RCX, RDX, type Register } from '../../../src/codegen/x64/assembler.js'
import { handlerCode } from '../../../src/codegen/x64/program/handler-code.js'
import { programLayout } from '../../../src/store/program-layout.js'
import { compiled } from '../../lang/run-program.js'
import { CODE_AT, DATA_AT, usual } from './generate-program.js'

const site = address(0x1000n)

/** The code of all handlers of a script at one site. */
function codeWith(script: string, deadRegisters: readonly Register[]): Buffer {
  const program = compiled(script)
  const { shape, machine, constant } = usual
  const asm = new Assembler(CODE_AT)
  const hits = handlerCode({
    program,
    layout: programLayout(program, shape),
    dataAddress: DATA_AT,
    machine,
    handlersAt: () => program.handlers.map((handler) => ({ handler, constant })),
    stackStartAt: () => undefined,
    exits: new Set(),
  })(asm)
  const relocate = () => ({ bytes: new Uint8Array(0), points: [], exits: [] })
  const state = { flagsDead: true, deadRegisters, redZone: 128 }
  assert.equal(hits.emitHit({ index: 0, address: site, lead: 0, ...state, relocate }), undefined)
  hits.emitRest()
  return asm.finish()
}

const first = 'uprobe:a:f { @a = hist(arg0, 4) }'

test('a dead register that a later handler reads is kept by an earlier one', () => {
  const script = `${first} uprobe:a:f { @b = sum(arg3) }`
  assert.deepEqual(codeWith(script, [RCX]), codeWith(script, []))
})

test('one that no later handler reads is not', () => {
  assert.notDeepEqual(codeWith(first, [RCX]), codeWith(first, []))
  assert.notDeepEqual(codeWith(`${first} uprobe:a:f { @b = sum(arg2) }`, [RCX]), codeWith(first, [RDX]))
})
