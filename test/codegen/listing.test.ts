import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { assembleListing } from '../../src/codegen/x64/listing.js'
import { handlerListing } from '../../src/codegen/x64/signals/handler-listing.js'
import { serviceListing } from '../../src/codegen/x64/signals/service-listing.js'
import { missingTools } from '../programs/build.js'

const lacking = missingTools('as', 'objcopy')

/** What the GNU assembler makes of the same text; jumps are made long, as ring3's are. */
function gnuAssemble(listing: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'ring3-listing-'))
  try {
    const source = listing.replace(/^\s*j(?!ecxz)\w+ \w+/gm, (jump) => `{disp32} ${jump.trim()}`)
    writeFileSync(join(folder, 'code.s'), `${source}\n`)
    execFileSync('as', ['-o', join(folder, 'code.o'), join(folder, 'code.s')])
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', join(folder, 'code.o'), join(folder, 'code.bin')])
    return readFileSync(join(folder, 'code.bin'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const virtual = { standIn: 41, action: 38, witness: 64 }

test('what handles signals is assembled as the GNU assembler does it', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const listing = `${serviceListing(virtual)}\n${handlerListing(virtual)}\nlive:\n.quad 1\ntraps:\norigins:\nfixups:\n.quad -1\n`
  assert.equal(assembleListing(listing).code.toString('hex'), gnuAssemble(listing).toString('hex'))
})

test('every form of operand is encoded as the GNU assembler does it', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const registers = ['%rax', '%rsp', '%rbp', '%r8', '%r12', '%r13', '%r15']
  const places = registers.flatMap((base) => [0, 8, -128, 127, 128, 4096].map((offset) => `${offset}(${base})`))
  const indexed = registers.map((base) => `16(${base},%rcx,8)`)
  const lines = [
    ...[...places, ...indexed].flatMap((place) => [
      `mov ${place}, %rdx`,
      `mov %r9d, ${place}`,
      `lea ${place}, %ecx`,
      `cmpl $0, ${place}`,
      `movq $-1, ${place}`,
      `andq $-257, ${place}`,
    ]),
    ...registers.flatMap((register) => [
      `push ${register}`,
      `pop ${register}`,
      `add $1, ${register}`,
      `or $1000, ${register}`,
    ]),
    'back:',
    'jecxz back',
    'call back',
    'jmp *%rcx',
    'jmp *%r11',
    'lea back(%rip), %rcx',
  ]
  const listing = lines.map((line) => line.replace(/(?<![\d$-])0\(/, '(')).join('\n')
  assert.equal(assembleListing(listing).code.toString('hex'), gnuAssemble(listing).toString('hex'))
})

test('what is not understood is a defect', () => {
  assert.throws(() => assembleListing('frob %rax, %rcx'), /no such instruction/)
  assert.throws(() => assembleListing('jmp nowhere'), /label nowhere is bound/)
  assert.throws(() => assembleListing('mov %xyz, %rax'), /is a register/)
  assert.throws(() => assembleListing('twice:\ntwice:'), /bound once/)
})
