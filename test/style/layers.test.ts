import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import { packageHomes, pureBuiltins, rankOf, roomOf, rooms } from './layers.js'
import { readRepositoryFile } from './repository.js'
import { importsOf, placeOf, type Source, sources } from './source-file.js'
import { assertNone } from './violations.js'

const src = sources('src')

test('every file of src/ is in a room of the layer table', () => {
  assertNone(
    src
      .filter(({ path }) => rankOf(roomOf(path)) < 0)
      .map(({ path }) => `${path}: test/style/layers.ts has no such room`),
  )
})

test('imports point down the layer table', () => {
  assertNone(
    src.flatMap((source) => localImports(source).flatMap(({ place, room }) => upwardImport(source, place, room))),
  )
})

test('pure rooms do no I/O', () => {
  assertNone(
    src.filter(isPure).flatMap((source) =>
      importsOf(source)
        .filter(({ specifier }) => specifier.startsWith('node:') && !pureBuiltins.has(specifier))
        .map(
          ({ specifier, node }) => `${placeOf(source, node)}: ${roomOf(source.path)} is pure and imports ${specifier}`,
        ),
    ),
  )
})

test('each package is known to its own room only', () => {
  assertNone(
    src.flatMap((source) =>
      importsOf(source)
        .filter(({ specifier }) => !/^(?:\.|node:)/.test(specifier) && !isAtHome(specifier, source))
        .map(
          ({ specifier, node }) =>
            `${placeOf(source, node)}: ${specifier} is not for ${roomOf(source.path)}; see packageHomes`,
        ),
    ),
  )
})

test('the table in ARCHITECTURE.md is that of test/style/layers.ts', () => {
  const table = rooms
    .map(({ name, pure, purpose }) => `| \`${name}\` | ${pure ? 'pure' : ''} | ${purpose} |`)
    .join('\n')
  const text = readRepositoryFile('ARCHITECTURE.md')
  assert.ok(text.includes(table), `ARCHITECTURE.md is stale; its table is to be\n${table}`)
})

function localImports(source: Source): { place: string; room: string }[] {
  return importsOf(source)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, node }) => ({
      place: placeOf(source, node),
      room: roomOf(posix.join(posix.dirname(source.path), specifier).replace(/\.js$/, '.ts')),
    }))
}

function upwardImport({ path }: Source, place: string, imported: string): string[] {
  const importer = roomOf(path)
  if (imported === importer || rankOf(imported) < rankOf(importer)) return []
  return [`${place}: ${importer} imports ${imported}, which is not below it`]
}

function isPure({ path }: Source): boolean {
  return rooms[rankOf(roomOf(path))]?.pure === true
}

function isAtHome(specifier: string, { path }: Source): boolean {
  const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] ?? '')
  return packageHomes.get(name)?.includes(roomOf(path)) === true
}
