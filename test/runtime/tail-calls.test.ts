/** Returns of functions that jump to others, which return in their place: as often, and with what, the program itself has counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AttachOptions, attach, KeyedMap, type MapsData, type Session } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { captureState, stateDifferences } from './target-state.js'

const built = await buildProgram('tails')
const program = built.kind === 'built' ? built.path : ''
const skip = built.kind === 'missing' ? built.because : false

interface Way {
  readonly options: AttachOptions
  readonly args: readonly string[]
}

const ways: readonly Way[] = [
  { options: { via: 'breakpoint' }, args: ['--threads', '2', '--calls', '6'] },
  { options: { via: 'jump' }, args: ['--threads', '4', '--calls', '3000'] },
]
const [, byJump = assert.fail()] = ways

/** All but the last three go on in others. */
const probed =
  'tiny chain middle one other either backwards springer leaper thrower deeper shaken rounds nears jump_only leaf shared last'.split(
    ' ',
  )

/** None of a line returns in the place of another. */
const apart = [
  ['tiny', 'one', 'other', 'leaper', 'deeper'],
  ['chain', 'either', 'thrower', 'rounds'],
  ['backwards', 'shaken', 'nears'],
]

interface Outcome {
  readonly maps: MapsData
  /** `NAME`: calls that have returned / the sum of what they returned. */
  readonly said: ReadonlyMap<string, string>
  readonly warnings: readonly string[]
}

/** Runs scripts one after the other, each while the program makes its calls. */
async function measure({ options, args }: Way, scripts: readonly string[], launcher: readonly string[] = []) {
  const [command = program, ...before] = launcher
  await using target = await startTarget(command, [...before, ...(launcher.length > 0 ? [program] : []), ...args])
  const state = captureState(target.pid)
  const outcomes: Outcome[] = []
  {
    await using session = await attach(target.pid, options)
    for (const script of scripts) outcomes.push(await measureOne(session, target, script))
  }
  assert.deepEqual(stateDifferences(state), [])
  return outcomes
}

async function measureOne(session: Session, target: Target, script: string): Promise<Outcome> {
  const warnings: string[] = []
  await using run = await session.run(script)
  run.on('warning', (text) => warnings.push(text))
  run.on('message', (text) => warnings.push(text))
  const line = await target.ask('go', /^counted/, 120_000)
  await run.close()
  const said = [...line.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', tally = '']) => [name, tally] as const)
  return { maps: run.maps, said: new Map(said), warnings }
}

function probesOf(names: readonly string[]): string {
  return names.map((name) => `uretprobe:tails:${name}`).join(', ')
}

/** As the program says it. */
function told({ calls, sum }: MapsData, name: string): string {
  return [calls, sum].map((map) => String(map instanceof KeyedMap ? (map.get(name) ?? 0) : 0)).join('/')
}

function agrees({ maps, said, warnings }: Outcome, names: readonly string[]): void {
  const tallies = (tally: (name: string) => string | undefined) =>
    Object.fromEntries(names.map((name) => [name, tally(name)]))
  assert.deepEqual(
    tallies((name) => told(maps, name)),
    tallies((name) => said.get(name)),
  )
  assert.deepEqual(warnings, [])
}

const body = '{ @calls[func] = count(); @sum[func] = sum(retval) }'

for (const way of ways) {
  const { via } = way.options
  test(`by ${via}: functions and those that return in their place, all probed`, { skip }, async () => {
    const [outcome = assert.fail()] = await measure(way, [`${probesOf(probed)} ${body}`])
    agrees(outcome, probed)
  })

  test(`by ${via}: without those that return in their place`, { skip }, async () => {
    const outcomes = await measure(
      way,
      apart.map((names) => `${probesOf(names)} ${body}`),
    )
    for (const [at, outcome] of outcomes.entries()) agrees(outcome, apart[at] ?? [])
  })

  test(`by ${via}: two probes of a function, and where it begins and another begins that returns in its place`, {
    skip,
  }, async () => {
    const script = `
      ${probesOf(['one', 'shared'])} ${body}
      uprobe:tails:one, uprobe:tails:shared { @begun[func] = count() }
      ${probesOf(['one', 'shared'])} { @again[func] = sum(retval); @longest = max(nsecs - began) }`
    const [outcome = assert.fail()] = await measure(way, [script])
    agrees(outcome, ['one', 'shared'])
    const { again, begun, sum, calls, longest } = outcome.maps
    assert.ok(
      again instanceof KeyedMap && begun instanceof KeyedMap && sum instanceof KeyedMap && calls instanceof KeyedMap,
    )
    assert.deepEqual([...again], [...sum])
    assert.deepEqual([...begun], [...calls])
    assert.ok(Number(longest) < 60e9)
  })
}

test('by jump: more calls at one place than it has room for, and more probes at a site than are looked at one by one', {
  skip,
}, async () => {
  const names = ['chain', 'middle', 'backwards', 'either', 'one', 'other', 'shaken', 'shared']
  const again = Array.from({ length: 5 }, (_, at) => `${probesOf(names)} { @more[${at}, func] = sum(retval) }`)
  const [outcome = assert.fail()] = await measure(byJump, [`${probesOf(names)} ${body} ${again.join(' ')}`])
  agrees(outcome, names)
  const { more, sum } = outcome.maps
  assert.ok(more instanceof KeyedMap && sum instanceof KeyedMap)
  for (const name of names) for (let at = 0; at < 5; at++) assert.equal(more.get(at, name), sum.get(name))
})

test('by jump: where address space is limited, calls have no places of their own', { skip }, async () => {
  const [all = assert.fail()] = await measure(byJump, [`${probesOf(probed)} ${body}`], ['prlimit', '--as=1000000000'])
  agrees(all, probed)
})

test('by signal: where a jump has no room', { skip }, async () => {
  const way = { options: { via: 'signal' }, args: ['--threads', '2', '--calls', '50'] } as const
  const [outcome = assert.fail()] = await measure(way, [`${probesOf(probed)} ${body}`])
  agrees(outcome, probed)
})

test('latency is that of the whole call, wherever it returns', { skip }, async () => {
  await using target = await startTarget(program, ['--threads', '1', '--calls', '50'])
  await using session = await attach(target.pid)
  await using probes = await session.latency(['tails:chain', 'tails:last'])
  await target.ask('go', /^counted/, 120_000)
  const rows = await probes.remove()
  const [chain, last] = ['chain', 'last'].map((name) => rows.find((row) => row.site.endsWith(`:${name}`)))
  assert.deepEqual([chain?.calls, last?.calls], [50, 150])
})

const refused = [
  ['even', /leads back to its beginning/],
  ['by_pointer', /may lead to another function/],
] as const

for (const [name, because] of refused)
  test(`${name} is refused`, { skip }, async () => {
    await using target = await startTarget(program)
    await using session = await attach(target.pid)
    await assert.rejects(session.run(`${probesOf([name])} { @ = count() }`), because)
  })

test('a counter does not know whose call returns: it says where, and what does', { skip }, async () => {
  await using target = await startTarget(program)
  await using session = await attach(target.pid)
  const expected = /also return in middle, last.*ring3 latency/
  const { attached } = await session.count('uretprobe:tails:chain')
  assert.match(attached.refused[0]?.because ?? '', expected)
})

test('explain says where a function returns, and in which others', { skip }, async () => {
  await using target = await startTarget(program)
  await using session = await attach(target.pid)
  const explanations = await Promise.all(['chain', 'last', 'even'].map((name) => session.explain(`tails:${name}`)))
  const [chain, last, even] = explanations.map(([explanation]) => explanation?.returns)
  assert.deepEqual(chain, { at: [], followed: ['middle', 'last'] })
  assert.deepEqual([last?.at.length, last?.followed], [1, []])
  assert.equal(even?.refused?.code, 'tail-call')
})
