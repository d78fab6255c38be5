import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { InstructionCursor } from '../../src/isa/x64/instruction-cursor.js'
import { missingTools } from '../programs/build.js'
import { hexBytes } from './vector-file.js'

/** Code of several compilers and of people. Those that are there are compared. */
const binaries = [
  '/lib/x86_64-linux-gnu/libc.so.6',
  '/lib/x86_64-linux-gnu/libm.so.6',
  '/lib/x86_64-linux-gnu/libcrypto.so.3',
  '/usr/lib/postgresql/15/bin/postgres',
]

/** Bytes of text read from each binary, in pieces spread over it. */
const PIECES = 24
const PIECE_SIZE = 8192

interface Listed {
  readonly address: number
  readonly bytes: Uint8Array
}

/** Starts of exported functions, spread over the binary: code between functions is not always code. */
function pieceStarts(path: string): number[] {
  const { stdout } = spawnSync('readelf', ['-W', '--dyn-syms', path], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  const functions = [...stdout.matchAll(/: ([0-9a-f]{16}) +[1-9]\d* FUNC .* (?!UND)\d+ /g)]
  const starts = functions.map(([, address]) => Number.parseInt(address ?? '', 16)).sort((a, b) => a - b)
  return Array.from({ length: PIECES }, (_, piece) => starts[Math.floor((starts.length * piece) / PIECES)] ?? 0)
}

/** objdump's instructions; what it gives up on (`(bad)`) ends the list. */
function listed(path: string, start: number): Listed[] {
  const range = [`--start-address=${start}`, `--stop-address=${start + PIECE_SIZE}`]
  const { stdout } = spawnSync('objdump', ['-d', '-w', '--insn-width=15', ...range, path], { encoding: 'utf8' })
  const lines = [...stdout.matchAll(/^ +([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(.*)$/gm)]
  const good = lines.findIndex(([, , , text]) => /\(bad\)|^\.byte/.test(text ?? ''))
  const known = good === -1 ? lines : lines.slice(0, good)
  const instructions = known.map(([, address, hex]) => ({
    address: Number.parseInt(address ?? '', 16),
    bytes: hexBytes(hex ?? ''),
  }))
  // what the range cuts off is listed as prefixes and bytes
  return instructions.filter(({ address }) => address < start + PIECE_SIZE - 16)
}

function compare(instructions: readonly Listed[]): number {
  const code = Uint8Array.from(instructions.flatMap(({ bytes }) => [...bytes]))
  const start = instructions[0]?.address ?? 0
  using cursor = new InstructionCursor(code, start)
  for (const { address } of instructions) {
    // objdump lists a prefix that an instruction ignores on a line of its own, and `wait` with the instruction behind it
    if (start + cursor.nextOffset > address) continue
    if (start + cursor.nextOffset < address && code[cursor.offset] === 0x9b) cursor.next()
    assert.equal(start + cursor.nextOffset, address)
    assert.ok(cursor.next(), `no instruction at ${address.toString(16)}`)
  }
  return instructions.length
}

for (const path of binaries) {
  test(`instructions of ${path} begin where objdump says`, (t) => {
    const missing = missingTools('objdump', 'readelf') ?? (existsSync(path) ? undefined : `no ${path}`)
    if (missing !== undefined) {
      t.skip(missing)
      return
    }
    let compared = 0
    for (const start of pieceStarts(path)) compared += compare(listed(path, start))
    t.diagnostic(`${compared} instructions compared`)
  })
}
