import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counterForms } from '../../src/trampolines/counter-forms.js'

const rdpid: ReadonlySet<string> = new Set(['rdpid'])

/** Flags, possible processors, and the form and blocks of code without a thread pointer. */
const facts: readonly (readonly [
  flags: ReadonlySet<string>,
  possible: number | undefined,
  form: string,
  blocks: number,
])[] = [
  [rdpid, 1, 'per-cpu', 1],
  [rdpid, 2, 'per-cpu', 2],
  [rdpid, 3, 'per-cpu', 4],
  [rdpid, 96, 'per-cpu', 128],
  [rdpid, 4096, 'per-cpu', 4096],
  [rdpid, 8192, 'per-cpu', 4096],
  [rdpid, undefined, 'shared', 1],
  [new Set<string>(), 8, 'shared', 1],
]

test('code without a thread pointer counts in a power of two of blocks, or in one where processors are unknown', () => {
  for (const [flags, possible, form, blocks] of facts) {
    const [first, last] = counterForms({ flags, possible }, 1, 1)
    assert.equal(first?.form.name, 'per-thread')
    assert.deepEqual([last?.form.name, last?.blocks], [form, blocks], `${possible} processors`)
  }
})
