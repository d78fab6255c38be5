import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { frameTable } from '../../src/dwarf/eh-frame.js'
import type { FrameTable } from '../../src/dwarf/frame-table.js'
import { parseElf } from '../../src/elf/parse-elf.js'
import { PT } from '../../src/elf/program-headers.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { builtFiles, elfPath, hasTool, linesOf, openElf, systemFiles } from '../elf/elf-files.js'

const FDE = /FDE cie=\w+ pc=([0-9a-f]+)\.\.([0-9a-f]+)/

for (const file of [...systemFiles, ...builtFiles]) {
  test(`frames of ${file} are as readelf says`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined || !hasTool(t, 'readelf')) return
    const expected = ehFrameLines(linesOf('readelf', '--debug-dump=frames', path)).flatMap(rangeOf)
    const actual = ranges(frameTable(openElf(path)))
    assert.deepEqual(
      actual,
      expected.toSorted((a, b) => a[0] - b[0]),
    )
  })

  test(`frames of ${file} are found without section headers`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined) return
    const expected = frameTable(openElf(path))
    const bytes = Uint8Array.from(readFileSync(path))
    const view = new DataView(bytes.buffer)
    view.setBigUint64(40, 0n, true)
    view.setUint16(60, 0, true)
    const image = parseElf(bytes)
    assert.ok(!isRefusal(image) && image.sections.length === 0)
    if (!image.segments.some((s) => s.type === PT.GNU_EH_FRAME)) return t.skip('the file has no PT_GNU_EH_FRAME')
    assert.deepEqual(ranges(frameTable(image)), ranges(expected))
  })
}

/** .debug_frame may follow; its ranges are not ours. */
function ehFrameLines(lines: readonly string[]): readonly string[] {
  const start = lines.findIndex((line) => line.startsWith('Contents of the .eh_frame'))
  const end = lines.findIndex((line, i) => i > start && line.startsWith('Contents of the '))
  return start < 0 ? [] : lines.slice(start, end < 0 ? undefined : end)
}

function rangeOf(line: string): [number, number][] {
  const [, start, end] = FDE.exec(line) ?? []
  if (start === undefined || end === undefined || start === end) return []
  return [[Number.parseInt(start, 16), Number.parseInt(end, 16)]]
}

function ranges(frames: FrameTable): [number, number][] {
  return Array.from(frames.starts, (start, row) => [start, frames.ends[row] ?? 0])
}
