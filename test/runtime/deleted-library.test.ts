import assert from 'node:assert/strict'
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { makeServerFolder, nobody, runsAsRoot } from '../workloads/server-folder.js'
import { CountProcess, missingCli, ring3 } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

const ROUNDS = 25

/** Who runs ring3 and the target. Without rights the files that are mapped cannot be read once they are deleted. */
for (const [who, uid] of [
  ['with the right to read mapped files', undefined],
  ['without rights', nobody],
] as const) {
  test(`a library that has been deleted is probed ${who}`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    if (uid !== undefined && !runsAsRoot) return t.skip('only root can become a user without rights')
    const [loader, library] = [await buildProgram('loader'), await buildProgram('libtwin.so')]
    if (loader.kind === 'missing') return t.skip(loader.because)
    if (library.kind === 'missing') return t.skip(library.because)
    await using folder = await makeServerFolder('deleted')
    const path = join(folder.path, 'libtwin.so')
    await copyFile(library.path, path)
    await using target = await startTarget(loader.path, [path], uid === undefined ? {} : { uid })
    await rm(path)
    const before = captureState(target.pid)
    const sum = await target.ask('report')

    await using count = new CountProcess(target.pid, ['libtwin:*'], [], uid)
    assert.ok((await count.attached()).probes > 0)
    for (let round = 0; round < ROUNDS; round++) assert.equal(await target.ask('report'), sum)
    const { counts, code, stderr } = await count.finish()
    assert.equal(code, 0, stderr)
    assert.equal(counts.get('libtwin:twin'), BigInt(ROUNDS))
    assert.equal(/it is read from memory/.test(stderr), uid !== undefined, stderr)
    assert.deepEqual(stateDifferences(before), [])

    const listed = await ring3(['list', '-p', String(target.pid), 'libtwin:tw*'], uid === undefined ? {} : { uid })
    assert.equal(listed.stdout, 'libtwin:twin\n')
  })
}
