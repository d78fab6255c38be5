/** Calls in progress in their places, and in the table where there are none: threads and signal handlers call one function. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeadState } from '../../../src/codegen/x64/preserve.js'
import type { Program } from '../../../src/ir/program.js'
import type { Statement } from '../../../src/ir/statement.js'
import { uint64 } from '../../../src/ir/value-type.js'
import { compiled } from '../../lang/run-program.js'
import { missingTools } from '../../programs/build.js'
import { sumOf, warningsOf } from './area-facts.js'
import { states } from './machine-states.js'
import { HitRunner, threaded } from './run-hits.js'

const lacking = missingTools('gcc')
const span = { start: 0, end: 0 }
const [CALLED, RETURNED, CALLS] = [0, 1, 2]

function noteCall(isTimed: boolean): Statement {
  return { op: 'note-call', map: CALLS, clock: isTimed ? 'boot' : undefined, span }
}

/** What is done at each hit, between counting it as called and as returned. */
function programOf(between: readonly Statement[], maxKeys = 16_384): Program {
  const program = compiled('uprobe:a:b { @a = count(); @b = count() }')
  const [handler] = program.handlers
  const [called, returned] = handler?.body ?? []
  assert.ok(handler !== undefined && called !== undefined && returned !== undefined)
  const local = handler.locals.length
  return {
    ...program,
    maps: [...program.maps, { name: 'calls', key: uint64, value: uint64, maxKeys, holdsCalls: true }],
    handlers: [
      {
        ...handler,
        locals: [...handler.locals, { name: '%began', type: uint64 }],
        body: [called, ...between, { op: 'take-call', map: CALLS, local }, returned],
      },
    ],
  }
}

async function hammer(program: Program, stackParts: number, state: DeadState, followsCalls = false) {
  const shape = { ...threaded.shape, stackParts, followsCalls }
  using runner = new HitRunner(program, state, { ...threaded, shape, isFollowed: followsCalls })
  return await runner.hammer({ threads: 8, calls: 10_000, keys: 10, microseconds: 40, waves: 1 })
}

for (const [at, state] of states.entries()) {
  for (const stackParts of [0, 2, 8, 64]) {
    test(`registers ${at}, ${stackParts} parts of stacks: what is noted is taken once`, async (t) => {
      if (lacking !== undefined) return t.skip(lacking)
      const isTimed = at % 2 === 1
      const outcome = await hammer(programOf([noteCall(isTimed)]), stackParts, state)
      const missed = outcome.reader.missedHits()
      assert.ok(stackParts < 64 || missed === 0n, `${missed} missed`)
      assert.equal(sumOf(outcome, CALLED), outcome.hits)
      assert.equal(sumOf(outcome, RETURNED) + missed, outcome.hits)
      assert.equal(warningsOf(outcome, 'too-many-calls'), 0n)
    })
  }
}

test('a return is not told that nobody has noted, nor a second one of the same call', async (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const [state = assert.fail()] = states
  for (const stackParts of [0, 64]) {
    const none = await hammer(programOf([]), stackParts, state)
    assert.equal(sumOf(none, RETURNED), 0n)
    const twice = programOf([noteCall(false), { op: 'take-call', map: CALLS, local: undefined }])
    assert.equal(sumOf(await hammer(twice, stackParts, state), RETURNED), 0n)
  }
})

const pass: Statement = { op: 'pass-call', map: CALLS }
const receive: Statement = { op: 'receive-call', map: CALLS }

for (const [at, stackParts] of [0, 64].entries()) {
  test(`${stackParts} parts of stacks: a call that is passed on is taken where it has come to`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const [state = assert.fail()] = states.slice(at)
    const returnsAfter = async (...passing: Statement[]) =>
      await hammer(programOf([noteCall(at === 0), ...passing]), stackParts, state, true)
    const passed = await returnsAfter(pass, receive, pass, receive)
    assert.equal(sumOf(passed, RETURNED) + passed.reader.missedHits(), passed.hits)
    assert.equal(sumOf(await returnsAfter(receive), RETURNED), 0n)
    assert.equal(sumOf(await returnsAfter(pass, receive, receive), RETURNED), 0n)
  })
}

test('where no room is left, calls are missed and counted', async (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const [state = assert.fail()] = states
  const outcome = await hammer(programOf([noteCall(false)], 1), 0, state)
  const lost = warningsOf(outcome, 'too-many-calls') + outcome.reader.missedHits()
  assert.ok(lost > 0n)
  assert.equal(sumOf(outcome, RETURNED) + lost, outcome.hits)
})
