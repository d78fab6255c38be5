import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Assembler } from '../../../src/codegen/x64/assembler.js'
import { Encoder } from '../../../src/codegen/x64/program/encoder.js'
import { Support } from '../../../src/codegen/x64/program/support.js'
import { walkRoutine } from '../../../src/codegen/x64/program/walk-routine.js'
import type { StackStart } from '../../../src/stacks/stack-start.js'
import { CONTROL } from '../../../src/store/program-layout.js'
import { CACHE_BYTES, type CodeRange, encodeStackTables } from '../../../src/store/stack-tables.js'
import { checkoutRoot } from '../../programs/checkout.js'
import { CODE_AT, DATA_AT } from './generate-program.js'

/** A stack to be walked. */
export interface WalkCase {
  readonly start: StackStart
  readonly sp: bigint
  readonly fp: bigint
  readonly limit: number
}

/** What all of them have in common. `words`: all memory that there is, in whole pages. */
export interface WalkWorld {
  readonly ranges: readonly CodeRange[]
  readonly words: ReadonlyMap<bigint, bigint>
}

const TABLES_AT = 4096

/** What the machine code finds for each case. */
export function walkAll({ ranges, words }: WalkWorld, cases: readonly WalkCase[]): string[] {
  const asm = new Assembler(CODE_AT)
  const support = new Support()
  const label = walkRoutine(support, DATA_AT)
  support.emit(new Encoder(asm))
  const code = asm.finish()
  const at = (position: number | undefined): string => (CODE_AT + BigInt(position ?? assert.fail())).toString(16)
  const tables = encodeStackTables(ranges)
  const data = Buffer.alloc(TABLES_AT + CACHE_BYTES + tables.length)
  data.writeBigUInt64LE(BigInt(TABLES_AT), CONTROL.stackTables)
  tables.copy(data, TABLES_AT + CACHE_BYTES)
  const lines = [
    ...support.fixups.map(({ at: from, landing }) => `fixup ${at(from.position)} ${at(landing.position)}`),
    ...cases.map(({ start, sp, fp, limit }) => {
      const numbers = [start.pc, sp, fp, start.rule, limit].map((number) => BigInt(number).toString(16))
      return `walk ${numbers.join(' ')}`
    }),
  ]
  return run({ code, data, words: BigUint64Array.from([...words].flat()) }, at(label.position), lines)
}

interface Files {
  readonly code: Uint8Array
  readonly data: Uint8Array
  readonly words: BigUint64Array
}

function run({ code, data, words }: Files, entry: string, lines: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'ring3-walk-'))
  try {
    const [program, codeFile, dataFile, wordsFile] = ['run-walk', 'code', 'data', 'words'].map((name) =>
      join(folder, name),
    )
    assert.ok(program !== undefined && codeFile !== undefined && dataFile !== undefined && wordsFile !== undefined)
    writeFileSync(codeFile, code)
    writeFileSync(dataFile, data)
    writeFileSync(wordsFile, words)
    const source = join(checkoutRoot, 'test/codegen/program/run-walk.c')
    const built = spawnSync('gcc', ['-O1', '-Wall', '-Wextra', '-mno-red-zone', '-o', program, source], {
      encoding: 'utf8',
    })
    assert.equal(built.status, 0, built.stderr)
    const ran = spawnSync(program, [codeFile, dataFile, entry, wordsFile], {
      input: `${lines.join('\n')}\n`,
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 2 ** 28,
    })
    assert.equal(ran.status, 0, `run-walk: ${ran.signal ?? ran.status} ${ran.stdout.slice(-200)}`)
    return ran.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => line.trim())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
