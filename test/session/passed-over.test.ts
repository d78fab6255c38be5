import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refuse } from '../../src/refusal/refusal.js'
import { passedOver } from '../../src/session/passed-over.js'

const short = { mechanism: 'jump', refusal: refuse('window-too-short', 'first') }
const branch = { mechanism: 'jump', refusal: refuse('branch-into-window', 'branch') }
const blockable = { mechanism: 'signal', refusal: refuse('sigtrap-blockable', 'blocked') }
const served = (mechanism: string) => ({ mechanism, refusal: undefined })

test('reasons are counted by mechanism and code, the most frequent first, each with what was said first', () => {
  const again = { mechanism: 'jump', refusal: refuse('window-too-short', 'second') }
  const verdicts = [
    [served('jump')],
    [branch, served('signal')],
    [short, served('signal')],
    [again, blockable, served('breakpoint')],
  ]
  assert.deepEqual(passedOver(verdicts), [
    { mechanisms: ['jump'], probes: 2, code: 'window-too-short', because: 'first' },
    { mechanisms: ['jump'], probes: 1, code: 'branch-into-window', because: 'branch' },
    { mechanisms: ['signal'], probes: 1, code: 'sigtrap-blockable', because: 'blocked' },
  ])
  assert.deepEqual(passedOver([]), [])
})
