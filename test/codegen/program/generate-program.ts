import assert from 'node:assert/strict'
import { address } from '../../../src/bytes/address.js'
import { Assembler } from '../../../src/codegen/x64/assembler.js'
import type { DeadState } from '../../../src/codegen/x64/preserve.js'
import { constantKeys } from '../../../src/codegen/x64/program/constant-keys.js'
import type { HandlerRequest, Machine } from '../../../src/codegen/x64/program/emission.js'
import { Encoder } from '../../../src/codegen/x64/program/encoder.js'
import { type EmittedHandler, generateHandler } from '../../../src/codegen/x64/program/generate-handler.js'
import { Support } from '../../../src/codegen/x64/program/support.js'
import { CFA, unwindRule } from '../../../src/dwarf/unwind-rule.js'
import type { Input } from '../../../src/ir/expression.js'
import type { Program } from '../../../src/ir/program.js'
import { isRefusal, type Refusal } from '../../../src/refusal/refusal.js'
import { type ProgramLayout, type ProgramShape, programLayout } from '../../../src/store/program-layout.js'

export const CODE_AT = address(0x2_0000_0000n)
export const DATA_AT = address(0x3_0000_0000n)

/** What does not change while a program of these tests runs. */
export const fixedInputs: Readonly<Record<string, bigint>> = {
  pid: 10n,
  tid: 11n,
  uid: 1000n,
  gid: 100n,
  processors: 2n,
}
export interface GeneratedProgram {
  readonly layout: ProgramLayout
  readonly code: Buffer
  /** By handler: offsets of its entry and of the byte behind it. */
  readonly entries: readonly { readonly entry: number; readonly exit: number; readonly emitted: EmittedHandler }[]
  readonly fixups: readonly { readonly at: number; readonly landing: number }[]
}

/** What of a request the tests vary. */
export interface Surroundings {
  readonly shape: ProgramShape
  readonly machine: Machine
  readonly constant: (input: Input) => bigint | undefined
  /** Of a function that is followed into others. */
  readonly isFollowed?: boolean
  /** The byte behind each handler. */
  readonly ending: number
}

/** The thread's number in glibc's `struct pthread`. */
export const TID_OFFSET = 0x2d0

const INT3 = 0xcc
export const usual: Surroundings = {
  shape: { slots: 4, ringBytes: 1 << 17, stackTableBytes: 0, stackParts: 4 },
  machine: { tidOffset: TID_OFFSET, hasRdpid: true, hasClock: true },
  constant: fixedInput,
  ending: INT3,
}

/** Every handler of a program, each followed by what ends it. */
export function generateAll(program: Program, state: DeadState, surroundings = usual): GeneratedProgram | Refusal {
  const { shape, constant } = surroundings
  const handlers = program.handlers.map((handler) => ({ handler, constant }))
  const layout = programLayout(program, shape, constantKeys(program, handlers))
  const asm = new Assembler(CODE_AT)
  const support = new Support()
  const entries: { entry: number; exit: number; emitted: EmittedHandler }[] = []
  for (const handler of program.handlers) {
    asm.align(16)
    const entry = asm.position
    const emitted = generateHandler(asm, requestFor(program, handler, layout, state, surroundings), support)
    if (isRefusal(emitted)) return emitted
    entries.push({ entry, exit: asm.position, emitted })
    asm.emit(surroundings.ending)
  }
  for (const { emitted } of entries) emitted.emitCold()
  support.emit(new Encoder(asm))
  const code = asm.finish()
  const fixups = entries.flatMap(({ emitted }) =>
    emitted.fixups.map(({ at, landing }) => ({
      at: at.position ?? assert.fail(),
      landing: landing.position ?? assert.fail(),
    })),
  )
  return { layout, code, entries, fixups }
}

function requestFor(
  program: Program,
  handler: Program['handlers'][number],
  layout: ProgramLayout,
  state: DeadState,
  { machine, constant, isFollowed = false }: Surroundings,
): HandlerRequest {
  return {
    ...state,
    program,
    handler,
    layout,
    dataAddress: DATA_AT,
    stackBelow: 0,
    machine,
    constant,
    isFollowed,
    stackStart: { pc: CODE_AT, rule: unwindRule(CFA.fromStackPointer, 0, 1) },
  }
}

/** Inputs that these tests know beforehand. */
export function fixedInput(input: Input): bigint | undefined {
  if (input.kind === 'is-named') return input.name === (input.what === 'function' ? 'f0' : 'BEGIN') ? 1n : 0n
  if (input.kind === 'register' || input.kind === 'argument' || input.kind === 'return-value' || input.kind === 'comm')
    return undefined
  return fixedInputs[input.kind] ?? 0n
}
