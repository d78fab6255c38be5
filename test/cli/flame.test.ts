import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StackCount } from '../../src/record/stack-count.js'
import { fakeHost, runFake } from './fake-host.js'

const frame = (address: bigint, name: string) => ({ address, symbol: { name, offset: 4n, module: '/app' } })
const main = frame(1n, 'main')

const stacks: readonly StackCount[] = [
  { frames: [frame(3n, 'malloc'), frame(2n, 'work'), main], count: 3n },
  { frames: [frame(3n, 'malloc'), main], count: 1n },
]

test('without -o, folded stacks go to stdout', async () => {
  const run = await runFake('flame -p 7 -d 0.01 libc:malloc libc:free', { stacks })
  assert.deepEqual([run.code, run.stdout], [0, 'main;malloc 1\nmain;work;malloc 3\n'])
  assert.deepEqual(run.events, ['attach 7', 'stacks libc:malloc libc:free', 'remove', 'detach'])
})

for (const [file, beginning] of [
  ['out.svg', '<svg '],
  ['out.html', '<!doctype html>'],
  ['out.folded', 'main;malloc 1'],
] as const) {
  test(`-o ${file} is written as its name says`, async () => {
    const host = fakeHost()
    const run = await runFake(`flame -p 7 -d 0.01 -o ${file} libc:malloc`, { stacks }, host)
    assert.deepEqual([run.code, run.stdout], [0, ''])
    assert.ok(host.files.get(file)?.text.startsWith(beginning))
  })
}

test('Ctrl-C ends it, and what was counted is shown', async () => {
  const host = fakeHost({ onWrite: (text, fake) => text.includes('at work') && fake.signal('SIGINT') })
  const run = await runFake('flame -p 7 libc:malloc', { stacks }, host)
  assert.deepEqual([run.code, run.stdout], [0, 'main;malloc 1\nmain;work;malloc 3\n'])
})

test('it ends with the target', async () => {
  const run = await runFake('flame -p 7 libc:malloc', { stacks, stacksOver: true })
  assert.deepEqual([run.code, run.events.at(-1)], [0, 'detach'])
})

test('that nothing was counted is said', async () => {
  const run = await runFake('flame -p 7 -d 0.01 libc:malloc', {})
  assert.match(run.stderr, /no thread has passed there/)
})
