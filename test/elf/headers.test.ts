import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtFiles, elfPath, hasTool, linesOf, openElf, systemFiles } from './elf-files.js'

const SEGMENT = /^ {2}(\S+) +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+) 0x(\w+) (R| )(W| )(E| ) 0/
const SECTION =
  /^ {2}\[ *(\d+)\] (.*?) +(\S+) +([0-9a-f]{16}) ([0-9a-f]+) ([0-9a-f]+) [0-9a-f]{2} +([WAXMSILOGTCxoEDlpR]*) +(\d+)/

for (const file of [...systemFiles, ...builtFiles]) {
  test(`headers of ${file} are as readelf says`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined || !hasTool(t, 'readelf')) return
    const image = openElf(path)
    const lines = linesOf('readelf', '-hlSnW', path)

    const entry = lines
      .map((line) => /Entry point address: +0x(\w+)/.exec(line)?.[1])
      .find((text) => text !== undefined)
    assert.equal(image.header.entry, Number.parseInt(entry ?? '', 16))
    const buildId = lines.map((line) => /Build ID: (\w+)/.exec(line)?.[1]).find((text) => text !== undefined)
    assert.equal(image.buildId, buildId)

    const segments = image.segments.map((s) => [
      s.fileOffset,
      s.vaddr,
      s.fileSize,
      s.memorySize,
      s.readable,
      s.writable,
      s.executable,
    ])
    assert.deepEqual(segments, lines.flatMap(segmentOf))
    const sections = image.sections.map((s) => [
      s.index,
      s.vaddr,
      s.fileOffset,
      s.size,
      s.allocated,
      s.executable,
      s.link,
    ])
    assert.deepEqual(sections.slice(1), lines.flatMap(sectionOf).slice(1))
  })
}

function segmentOf(line: string): (number | boolean)[][] {
  const match = SEGMENT.exec(line)
  if (match === null) return []
  const [offset = '', vaddr = '', fileSize = '', memorySize = '', r, w, x] = match.slice(2)
  const numbers = [offset, vaddr, fileSize, memorySize].map((text) => Number.parseInt(text, 16))
  return [[...numbers, r === 'R', w === 'W', x === 'E']]
}

function sectionOf(line: string): (number | boolean)[][] {
  const match = SECTION.exec(line)
  if (match === null) return []
  const [index = '', , , vaddr = '', offset = '', size = '', flags = '', link = ''] = match.slice(1)
  const numbers = [vaddr, offset, size].map((text) => Number.parseInt(text, 16))
  return [[Number(index), ...numbers, flags.includes('A'), flags.includes('X'), Number(link)]]
}
