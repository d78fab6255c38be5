import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./fake-main.js', import.meta.url))

/** A running command line and what it has said so far. */
class Running {
  stdout = ''
  stderr = ''
  readonly child: ChildProcessWithoutNullStreams

  constructor(attachMs: number, removeMs: number, line: string) {
    this.child = spawn(process.execPath, [main, `${attachMs}`, `${removeMs}`, ...line.split(' ')])
    this.child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()))
    this.child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()))
  }

  async until(text: string): Promise<void> {
    while (!this.stderr.includes(text) && this.child.exitCode === null) await once(this.child.stderr, 'data')
  }

  async end(): Promise<unknown> {
    if (this.child.exitCode === null) await once(this.child, 'close')
    return this.child.exitCode
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} detaches, then the counts are printed and the exit code is 0`, async () => {
    const running = new Running(0, 0, 'count -p 7 app:*')
    await running.until('probes at work')
    running.child.kill(signal)
    assert.equal(await running.end(), 0)
    assert.match(running.stdout, /5 +[\d.]+ +100\.0 % {2}app:f\n/)
    assert.match(running.stderr, /# remove\n# detach\n/)
  })
}

test('a second Ctrl-C while detaching is answered and does not cut it short', async () => {
  const running = new Running(0, 400, 'count -p 7 app:*')
  await running.until('probes at work')
  running.child.kill('SIGINT')
  await running.until('# remove')
  running.child.kill('SIGINT')
  assert.equal(await running.end(), 0)
  assert.match(running.stderr, /# remove\nring3: detaching: this cannot be cut short\n# detach\n/)
  assert.match(running.stdout, /app:f/)
})

test('Ctrl-C during the set-up detaches and ends with 130', async () => {
  const running = new Running(300, 0, 'count -p 7 app:*')
  await running.until('# attach')
  running.child.kill('SIGINT')
  assert.equal(await running.end(), 130)
  assert.match(running.stderr, /ring3: SIGINT came before the probes worked: nothing was counted\n# detach\n/)
})

test('a reader that goes away ends the count without a message', async () => {
  const running = new Running(0, 0, 'count -p 7 -q -f json -i 0.05 app:*')
  await once(running.child.stdout, 'data')
  running.child.stdout.destroy()
  assert.equal(await running.end(), 0)
  assert.equal(running.stderr, '# attach 7\n# count app:*\n# remove\n# detach\n')
})
