import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CFA, FRAME_POINTER, framePointerOf, kindOf, offsetOf, type UnwindRule } from '../../src/dwarf/unwind-rule.js'
import { ruleAt, unwindTable } from '../../src/dwarf/unwind-table.js'
import { builtFiles, elfPath, hasTool, linesOf, openElf, systemFiles } from '../elf/elf-files.js'
import { type ReadelfRow, readelfFdes } from './readelf-rows.js'

const moreFiles = ['/usr/lib/x86_64-linux-gnu/libcrypto.so.3', '/lib64/ld-linux-x86-64.so.2', '/usr/bin/redis-server']

/** Nine places of libcrypto, in assembly, have an expression of their own. */
const MAX_NOT_UNDERSTOOD = 9

for (const file of [...systemFiles, ...moreFiles, ...builtFiles]) {
  test(`every row of ${file} is as readelf interprets it`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined || !hasTool(t, 'readelf')) return
    const fdes = readelfFdes(linesOf('readelf', '--debug-dump=frames-interp', path))
    const table = unwindTable(openElf(path))
    let notUnderstood = 0
    const starts = new Set(fdes.map(({ start }) => start))
    for (const { rows, end, isSignalFrame } of fdes) {
      for (const [at, row] of rows.entries()) {
        const last = (rows[at + 1]?.address ?? end) - 1
        if (last < row.address) continue
        const expected = isSignalFrame ? 'signal frame' : ruleText(row)
        const actual = [row.address, last].map((address) => describe(ruleAt(table, address)))
        if (expected === 'exp' && actual.every((text) => text === 'end')) notUnderstood++
        else assert.deepEqual(actual, [expected, expected], `at ${row.address.toString(16)}`)
      }
      if (!starts.has(end)) assert.equal(describe(ruleAt(table, end)), 'unknown', `behind ${end.toString(16)}`)
    }
    assert.ok(notUnderstood <= MAX_NOT_UNDERSTOOD, `${notUnderstood} expressions are not understood`)
    assert.ok(fdes.length === 0 || table.count > fdes.length / 2, 'there is a table')
  })
}

/** What readelf says, in the words of `describe`. */
function ruleText({ columns }: ReadelfRow): string {
  const cfa = columns.get('CFA') ?? ''
  if (columns.get('ra') !== 'c-8' || !/^(rsp|rbp|r10)\+\d+$|^exp$/.test(cfa)) return 'end'
  return cfa === 'exp' ? 'exp' : `${cfa} ${savedText(columns.get('rbp') ?? 'u')}`
}

function savedText(column: string): string {
  if (column === 'u' || column === 's') return 'unchanged'
  return /^c-\d+$/.test(column) && Number(column.slice(2)) < 8 * 255 ? column : column === 'exp' ? 'kept' : 'lost'
}

function describe(rule: UnwindRule): string {
  switch (kindOf(rule)) {
    case CFA.unknown:
      return 'unknown'
    case CFA.end:
      return 'end'
    case CFA.fromStackPointer:
      return `rsp+${8 * offsetOf(rule)} ${framePointerText(rule)}`
    case CFA.fromFramePointer:
      return `rbp+${8 * offsetOf(rule)} ${framePointerText(rule)}`
    case CFA.fromR10:
      return `r10+${8 * offsetOf(rule)} ${framePointerText(rule)}`
    case CFA.signalFrame:
      return 'signal frame'
    default:
      return 'exp'
  }
}

function framePointerText(rule: UnwindRule): string {
  const code = framePointerOf(rule)
  if (code === FRAME_POINTER.unchanged) return 'unchanged'
  if (code === FRAME_POINTER.lost) return 'lost'
  return code === FRAME_POINTER.atItself ? 'kept' : `c-${8 * code}`
}
