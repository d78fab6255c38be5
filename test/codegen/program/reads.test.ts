import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compiled } from '../../lang/run-program.js'
import { missingTools } from '../../programs/build.js'
import { assertAgreement } from './assert-agreement.js'
import { states } from './machine-states.js'
import type { RunCase } from './run-cases.js'

const lacking = missingTools('gcc')
const PAGE = 4096
const START = 0x4000_0000n

const script = `config = { max_map_keys = 2048; max_strlen = 20 }
  uprobe:a:b { @s[arg0] = str(arg0); @t[arg0, arg1] = str(arg0, arg1); @b[arg0, arg1] = buf(arg0, arg1); @i = *(int64 *)arg0; @j = *(uint8 *)arg0 }`

/** A page of text with a NUL at these places, counted from its end. */
function textPage(...nuls: readonly number[]): Buffer {
  const page = Buffer.alloc(PAGE, 'abcdefghijk')
  for (const nul of nuls) page[PAGE - nul] = 0
  return page
}

/** Around the end of the first page, with every length. */
function caseOf(pages: readonly Uint8Array[]): RunCase {
  const hits = Array.from({ length: 26 }, (_, at) => START + BigInt(PAGE - 24 + at)).flatMap((address) =>
    Array.from({ length: 23 }, (_, length) => ({
      handler: 0,
      arguments: [address, BigInt(length), 0n],
      returnValue: 0n,
    })),
  )
  const memory = new Map(pages.map((page, at) => [START + BigInt(PAGE * at), page]))
  return { program: compiled(script), hits, memory, state: states[0] ?? assert.fail() }
}

const layouts = [
  ['text that runs into what is not mapped', [textPage()]],
  ['text that ends with its page', [textPage(1)]],
  ['text that ends within a word', [textPage(3, 11, 14)]],
  ['text that goes on in the next page', [textPage(), textPage(4092, 4085)]],
  [
    'bytes that look like a NUL beside one',
    [
      textPage(8)
        .fill(0x01, PAGE - 7)
        .fill(0x80, PAGE - 16, PAGE - 9),
    ],
  ],
] as const

for (const [what, pages] of layouts) {
  test(`reads of ${what}, at every alignment and of every length, are the interpreter's`, (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const { ran, refused } = assertAgreement([caseOf(pages)], () => what)
    assert.deepEqual([ran, [...refused]], [1, []])
  })
}
