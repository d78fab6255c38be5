import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { offsetBy } from '../../src/bytes/address.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { missingTools } from '../programs/build.js'
import { checkoutRoot } from '../programs/checkout.js'
import { type RelocationVector, relocationVectors, siteOf } from './relocation-vectors.js'
import { hexText } from './vector-file.js'

/**
 * What cannot be compared: system calls do what the kernel does, and leave the instruction pointer in rcx; transactions
 * abort as they like; a random trap flag stops behind each instruction; some vectors loop for ever; and a call whose
 * operand faults has pushed its return address already.
 */
const incomparable =
  /syscall|int 0x80|xbegin|xend|xabort|popfq|hint|jmp short 0x20000100[01]|jrcxz 0x200001000|call qword ptr fs|mov rax, fs:.0x2000/

/** Code that counts down to leave. */
const countsDown = /dec |loop/

/** A line for cpu-differential.c, or undefined for code that is not moved or too short for the jump. */
function comparison(vector: RelocationVector): string | undefined {
  const { bytes, from, to, asm } = vector
  const site = siteOf(vector)
  const relocated = x64.relocate(site, from, to)
  const length = vector.to - vector.from < 2n ** 31n ? 5 : 14
  if (isRefusal(relocated) || incomparable.test(asm)) return undefined
  const padded = site.fallsThrough && bytes.length < length ? undefined : new Uint8Array(Math.max(bytes.length, length))
  if (padded === undefined) return undefined
  padded.fill(0xcc)
  padded.set(bytes)
  const replaced = padded.slice()
  const jump = x64.encodeJump(from, to, length)
  const back = x64.encodeJump(offsetBy(to, relocated.bytes.length), offsetBy(from, bytes.length), 14)
  if (isRefusal(jump) || isRefusal(back)) return undefined
  replaced.set(jump)
  const moved = [...relocated.bytes, ...back]
  const pointers = /(?:call|jmp) r/.test(asm) ? 'code' : 'data'
  const hex = (each: Iterable<number>) => hexText(Uint8Array.from(each)).replaceAll(' ', '')
  return [hex(padded), hex(replaced), to.toString(16), hex(moved), pointers, countsDown.test(asm) ? 1 : 0].join(' ')
}

/** Nops behind code that a 14-byte jump needs more room for. */
function longEnough(vector: RelocationVector): RelocationVector {
  const missing = (vector.to - vector.from < 2n ** 31n ? 5 : 14) - vector.bytes.length
  if (missing <= 0 || !siteOf(vector).fallsThrough) return vector
  return { ...vector, bytes: Uint8Array.from([...vector.bytes, ...new Array<number>(missing).fill(0x90)]) }
}

function runAll(folder: string, lines: readonly string[]): string[] {
  const program = join(folder, 'cpu-differential')
  const source = join(checkoutRoot, 'test/isa/cpu-differential.c')
  const built = spawnSync('gcc', ['-O1', '-Wall', '-o', program, source], { encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  const ran = spawnSync(program, [], { input: `${lines.join('\n')}\n`, encoding: 'utf8', timeout: 60_000 })
  return ran.stdout.trim().split('\n')
}

test('relocated code does on the processor what the original does', (t) => {
  const missing = missingTools('gcc')
  if (missing !== undefined) {
    t.skip(missing)
    return
  }
  const cases = relocationVectors().flatMap((vector) => {
    const line = comparison(longEnough(vector))
    return line === undefined ? [] : [{ vector, line }]
  })
  const folder = mkdtempSync(join(tmpdir(), 'ring3-isa-'))
  try {
    const results = runAll(
      folder,
      cases.map(({ line }) => line),
    )
    cases.forEach(({ vector }, index) => {
      assert.match(results[index] ?? 'no answer', /^same/, `${vector.asm} at 0x${vector.to.toString(16)}`)
    })
    t.diagnostic(`${cases.length} sequences compared`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
