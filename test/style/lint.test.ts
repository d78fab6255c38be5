import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { repositoryFile, repositoryRoot } from './repository.js'

test('biome finds nothing to format or to correct', () => {
  const biome = repositoryFile('node_modules/@biomejs/biome/bin/biome')
  const run = spawnSync(
    process.execPath,
    [biome, 'ci', '--colors=off', '--diagnostic-level=warn', '--reporter=summary'],
    {
      cwd: repositoryRoot,
      encoding: 'utf8',
    },
  )
  assert.equal(run.status, 0, `npm run format corrects most of this, and says the rest:\n${run.stdout}${run.stderr}`)
})
