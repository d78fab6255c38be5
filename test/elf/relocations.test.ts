import assert from 'node:assert/strict'
import { test } from 'node:test'
import { R_X86_64, relocations, relrPlaces } from '../../src/elf/relocations.js'
import { builtFiles, elfPath, hasTool, linesOf, openElf, systemFiles } from './elf-files.js'

const served = new Map<string, number>([
  ['R_X86_64_RELATIVE', R_X86_64.RELATIVE],
  ['R_X86_64_IRELATIVE', R_X86_64.IRELATIVE],
  ['R_X86_64_64', R_X86_64.WORD64],
  ['R_X86_64_GLOB_DAT', R_X86_64.GLOB_DAT],
  ['R_X86_64_JUMP_SLOT', R_X86_64.JUMP_SLOT],
])
const RELOCATION = /^([0-9a-f]{16}) +[0-9a-f]{16} (\w+) +(.*)$/

for (const file of [...systemFiles, ...builtFiles]) {
  test(`relocations of ${file} are as readelf says`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined || !hasTool(t, 'readelf')) return
    const image = openElf(path)
    const lines = linesOf('readelf', '-rW', path)
    const table = relocations(image)
    const known = [...served.values()]
    const actual = Array.from({ length: table.count }, (_, row) => row)
      .filter((row) => known.includes(table.types[row] ?? 0))
      .map((row) => `${table.places[row]} ${table.types[row]} ${table.addends[row]}`)
    assert.deepEqual(actual.toSorted(), lines.flatMap(relocationOf).toSorted())
    assert.deepEqual(
      [...relrPlaces(image)],
      lines.filter((line) => /^[0-9a-f]{16}$/.test(line)).map((line) => Number.parseInt(line, 16)),
    )
  })
}

function relocationOf(line: string): string[] {
  const [, place = '', name = '', rest = ''] = RELOCATION.exec(line) ?? []
  const type = served.get(name)
  if (type === undefined) return []
  // `RELATIVE` rows end in the bare addend, the others in `symbol + addend`.
  const [, sign = '', addend = '0'] = /(?:([+-]) )?(-?[0-9a-f]+)$/.exec(rest) ?? []
  return [`${Number.parseInt(place, 16)} ${type} ${Number.parseInt(addend, 16) * (sign === '-' ? -1 : 1)}`]
}
