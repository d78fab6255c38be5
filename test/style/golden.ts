import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { repositoryFile } from './repository.js'

/** Compares text with a file of the repository. `RING3_UPDATE_GOLDEN=1` writes the file instead. */
export function assertGolden(path: string, actual: string): void {
  const file = repositoryFile(path)
  if (process.env['RING3_UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, actual)
  }
  assert.equal(actual, readFileSync(file, 'utf8'), `${path} is stale: npm run golden writes it anew`)
}
