import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseElf } from '../../src/elf/parse-elf.js'
import type { SymbolTable } from '../../src/elf/symbol-table.js'
import { dynsym, symtab } from '../../src/elf/symbol-tables.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { builtFiles, elfPath, hasTool, linesOf, openElf, systemFiles } from './elf-files.js'

const types: Readonly<Record<number, string>> = {
  0: 'NOTYPE',
  1: 'OBJECT',
  2: 'FUNC',
  3: 'SECTION',
  4: 'FILE',
  5: 'COMMON',
  6: 'TLS',
  10: 'IFUNC',
}
const bindings: Readonly<Record<number, string>> = { 0: 'LOCAL', 1: 'GLOBAL', 2: 'WEAK', 10: 'UNIQUE' }
const SYMBOL = /^ *(\d+): ([0-9a-f]{16}) +(\w+) (\w+) +(\w+) +\w+ (?:\[.*?\])? *(\w+) ?(.*)$/

for (const file of [...systemFiles, ...builtFiles]) {
  test(`symbols of ${file} are as readelf says`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined || !hasTool(t, 'readelf')) return
    const image = openElf(path)
    const expected = tablesOf(linesOf('readelf', '-sW', path))
    compare(symtab(image), expected.get('.symtab') ?? [])
    compare(dynsym(image), expected.get('.dynsym') ?? [])
  })

  test(`dynamic symbols of ${file} are found without section headers`, async (t) => {
    const path = await elfPath(t, file)
    if (path === undefined) return
    const bytes = Uint8Array.from(readFileSync(path))
    const withSections = parseElf(bytes)
    const view = new DataView(bytes.buffer)
    assert.ok(!isRefusal(withSections))
    const expected = symbolLines(dynsym(withSections))
    view.setBigUint64(40, 0n, true)
    view.setUint16(60, 0, true)
    const image = parseElf(bytes)
    assert.ok(!isRefusal(image) && image.sections.length === 0)
    assert.deepEqual(symbolLines(dynsym(image)), expected)
  })
}

function compare(table: SymbolTable, expected: readonly string[]): void {
  const actual = symbolLines(table)
  const wrong = actual.findIndex((line, i) => line !== expected[i])
  assert.equal(actual[wrong], expected[wrong], `symbol ${wrong}`)
  assert.equal(actual.length, expected.length)
}

function symbolLines(table: SymbolTable): string[] {
  table.strings.prepareForMany()
  return Array.from({ length: table.count }, (_, i) => {
    const name = types[table.type(i)] === 'SECTION' ? '' : table.name(i)
    return [table.value(i), table.size(i), types[table.type(i)], bindings[table.binding(i)], name].join(' ')
  })
}

/** Lines of `readelf -sW` by table, in the form of `symbolLines`. */
function tablesOf(lines: readonly string[]): Map<string, string[]> {
  const tables = new Map<string, string[]>()
  let current: string[] = []
  for (const line of lines) {
    const title = /^Symbol table '(.*)' contains/.exec(line)
    if (title !== null) {
      current = []
      tables.set(title[1] ?? '', current)
    }
    const match = SYMBOL.exec(line)
    if (match !== null) current.push(symbolOf(match))
  }
  return tables
}

function symbolOf(match: RegExpExecArray): string {
  const [, , value = '', size = '', type = '', binding = '', , text = ''] = match
  const name = type === 'SECTION' ? '' : text.replace(/ \(\d+\)$/, '').replace(/(?<=.)@.*$/, '')
  return [Number.parseInt(value, 16), Number(size), type, binding, name].join(' ')
}
