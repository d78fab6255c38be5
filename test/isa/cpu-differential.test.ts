import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { address, offsetBy, vaddr } from '../../src/bytes/address.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { missingTools } from '../programs/build.js'
import { checkoutRoot } from '../programs/checkout.js'
import { type RelocationVector, relocationVectors, siteOf } from './relocation-vectors.js'
import { hexBytes, hexText } from './vector-file.js'

/**
 * What cannot be compared: system calls do what the kernel does, and leave the instruction pointer in rcx; transactions
 * abort as they like; a random trap flag stops behind each instruction; some vectors loop for ever; and a call whose
 * operand faults has pushed its return address already; few processors know
 * XOP; and what faults in the middle of moved code has a register borrowed.
 */
const incomparable =
  /syscall|int 0x80|xbegin|xend|xabort|popfq|hint|jmp short 0x20000100[01]|jrcxz 0x200001000|call qword ptr fs|mov rax, fs:.0x2000|vfrczpd|mov eax, .0x1000/

/** Code that counts down to leave. */
const countsDown = /dec |loop/

function hex(bytes: Iterable<number>): string {
  return hexText(Uint8Array.from(bytes)).replaceAll(' ', '')
}

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
  return [hex(padded), hex(replaced), to.toString(16), hex(moved), pointers, countsDown.test(asm) ? 1 : 0].join(' ')
}

/**
 * Functions whose window the proof serves at the first instruction: what runs elsewhere has to find the way back to the
 * rest. They end with what makes the two runs equal: a system call leaves its own address in rcx.
 */
const provenFunctions: readonly (readonly [asm: string, bytes: string])[] = [
  ['push 39; pop rax; syscall; mov ecx, 0; ret', '6a 27 58 0f 05 b9 00 00 00 00 c3'],
  ['nop; mov al, 39; syscall; mov ecx, 0; ret', '90 b0 27 0f 05 b9 00 00 00 00 c3'],
  ['push 20; pop rax; int 0x80; mov eax, 0; ret', '6a 14 58 cd 80 b8 00 00 00 00 c3'],
  ['push rbx; mov ebx, ecx; add ebx, ecx; pop rbx; ret', '53 89 cb 01 cb 5b c3'],
]

/** Where cpu-differential.c has the code, and a place within reach. */
const CODE_AT = address(0x200001000n)
const NEARBY = address(0x210000000n)

function provenComparison(code: Uint8Array): string {
  const at = vaddr(Number(CODE_AT))
  const bounds = { start: at, end: vaddr(at + code.length) }
  const nothing = new Float64Array()
  const facts = {
    text: [{ start: at, bytes: code }],
    data: [],
    functions: [bounds],
    labels: nothing,
    framed: nothing,
    hasRedZone: true,
    preemptible: nothing,
    restartable: nothing,
  }
  const site = x64.analyseModule(facts, [at], 5).analyse(at)
  assert.ok(!isRefusal(site))
  const moved = x64.relocate(site, CODE_AT, NEARBY)
  const jump = x64.encodeJump(CODE_AT, NEARBY, 5)
  assert.ok(!isRefusal(moved) && !isRefusal(jump))
  const back = site.fallsThrough
    ? x64.encodeJump(offsetBy(NEARBY, moved.bytes.length), offsetBy(CODE_AT, site.displacedLength), 5)
    : new Uint8Array(0)
  assert.ok(!isRefusal(back))
  const replaced = code.slice()
  replaced.set(jump)
  return [hex(code), hex(replaced), NEARBY.toString(16), hex([...moved.bytes, ...back]), 'data', 0].join(' ')
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
    return line === undefined ? [] : [{ name: `${vector.asm} at 0x${vector.to.toString(16)}`, line }]
  })
  for (const [asm, bytes] of provenFunctions) cases.push({ name: asm, line: provenComparison(hexBytes(bytes)) })
  const folder = mkdtempSync(join(tmpdir(), 'ring3-isa-'))
  try {
    const results = runAll(
      folder,
      cases.map(({ line }) => line),
    )
    cases.forEach(({ name }, index) => {
      assert.match(results[index] ?? 'no answer', /^same/, name)
    })
    t.diagnostic(`${cases.length} sequences compared`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
