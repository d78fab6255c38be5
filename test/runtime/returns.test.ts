/** Probes of returns, by breakpoints and by jump: each return of a call whose beginning was seen is told once, and no other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AttachOptions, attach, KeyedMap, type MapsData } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import type { ProgramName } from '../programs/program-table.js'
import { startTarget } from '../programs/start-target.js'
import { runReturnCycles } from '../robustness/return-cycles-run.js'
import { parseTally } from './exactness-run.js'
import { captureState, stateDifferences } from './target-state.js'

/** How handlers run, and how many calls a test can make in a second that way. */
const ways: readonly (readonly [AttachOptions, calls: number])[] = [
  [{ via: 'breakpoint' }, 100],
  [{ via: 'jump' }, 10_000],
]

interface Tally {
  readonly called: number
  readonly returned: number
}

/** Runs a command of the program while `script` is at work. */
async function during(program: string, options: AttachOptions, script: string, command: string) {
  await using target = await startTarget(program)
  const before = captureState(target.pid)
  const warnings: string[] = []
  const { maps, tally } = await (async () => {
    await using session = await attach(target.pid, options)
    await using run = await session.run(script)
    run.on('warning', (text) => warnings.push(text))
    run.on('message', (text) => warnings.push(text))
    const tally = tallyOf(await target.ask(command, /called=/, 60_000))
    await run.close()
    return { maps: run.maps, tally }
  })()
  assert.deepEqual(stateDifferences(before), [])
  return { maps, tally, warnings }
}

function tallyOf(line: string): Tally {
  const [, called, returned] = /called=(\d+) returned=(\d+)/.exec(line) ?? []
  assert.ok(called !== undefined && returned !== undefined, line)
  return { called: Number(called), returned: Number(returned) }
}

function numberOf(value: MapsData[string]): number {
  return value === undefined ? 0 : Number(value)
}

const built = await buildProgram('returns')
const program = built.kind === 'built' ? built.path : ''
const skip = built.kind === 'missing' ? built.because : false

/** Each command of the program, the function that it calls, and how the calls end. */
const cases = [
  ['deep', 'deep', 'recursion'],
  ['leap', 'leap', 'longjmp out of two calls of three'],
  ['leave', 'leave', 'pthread_exit amid calls'],
  ['signal', 'interrupted', 'signal handlers on a stack of their own'],
  ['switch', 'change', 'stacks that are switched amid calls'],
  ['migrate', 'hop', 'stacks that go from thread to thread amid calls'],
] as const

for (const [options, calls] of ways) {
  for (const [command, name, fact] of cases) {
    test(`by ${options.via}: ${fact}`, { skip }, async () => {
      const script = `
        uprobe:returns:${name} { @called = count() }
        uretprobe:returns:${name} { @returned = count(); @by[probe] = count() }`
      const { maps, tally, warnings } = await during(program, options, script, `${command} ${calls}`)
      assert.deepEqual(
        { called: numberOf(maps['called']), returned: numberOf(maps['returned']) },
        { called: tally.called, returned: tally.returned },
      )
      assert.ok(maps['by'] instanceof KeyedMap || tally.returned === 0)
      assert.deepEqual(warnings, [])
    })
  }

  test(`by ${options.via}: what a call returns, and what it was given`, { skip }, async () => {
    const script = `
      uprobe:returns:deep { @given[reg("sp")] = arg0 }
      uretprobe:returns:deep /@given[reg("sp")] != retval/ { @wrong = count() }
      uretprobe:returns:deep { @sum = sum(retval) }`
    const depth = 50
    const { maps } = await during(program, options, script, `deep ${depth}`)
    assert.deepEqual([numberOf(maps['wrong']), numberOf(maps['sum'])], [0, (depth * (depth + 1)) / 2])
  })

  test(`by ${options.via}: how long calls have taken, one within the other`, { skip }, async () => {
    const script = 'uretprobe:returns:nap { @least = min(nsecs - began); @most = max(nsecs - began) }'
    const { maps } = await during(program, options, script, 'nap 20')
    const [least, most] = [numberOf(maps['least']), numberOf(maps['most'])]
    assert.ok(least >= 20e6 && most >= least + 20e6 && most < 20e9, `${least} ${most}`)
  })

  test(`by ${options.via}: the return of a call that was in progress before is not told`, { skip }, async () => {
    await using target = await startTarget(program)
    await target.ask('wait', /waiting/)
    await using session = await attach(target.pid, options)
    await using run = await session.run('uretprobe:returns:await_line { @ = count() }')
    await target.ask('', /called=1 returned=1/)
    await target.ask('wait', /waiting/)
    await target.ask('', /called=1 returned=1/)
    await run.close()
    assert.equal(numberOf(run.maps['']), 1)
  })

  test(`by ${options.via}: a call in progress when probes are taken out returns`, { skip }, async () => {
    await using target = await startTarget(program)
    const before = captureState(target.pid)
    {
      await using session = await attach(target.pid, options)
      await using run = await session.run('uretprobe:returns:await_line { @ = count() }')
      await target.ask('wait', /waiting/)
      await run.close()
    }
    assert.deepEqual(stateDifferences(before), [])
    await target.ask('', /called=1 returned=1/)
  })
}

test('by jump: two probes of one function know its calls, each for itself', { skip }, async () => {
  const script = `
    uretprobe:returns:deep { @a = count() }
    uretprobe:returns:deep { @b = count() }
    uprobe:returns:deep { @sum = sum(arg0) }`
  const { maps, warnings } = await during(program, { via: 'jump' }, script, 'deep 1000')
  assert.deepEqual(
    ['a', 'b', 'sum'].map((name) => numberOf(maps[name])),
    [1000, 1000, 500_500],
  )
  assert.deepEqual(warnings, [])
})

test('by jump: a recursion of 100,000 calls has places for all of them', { skip }, async () => {
  const script = 'uretprobe:returns:deep { @ = count(); @ns = hist(nsecs - began) }'
  const { maps, tally, warnings } = await during(program, { via: 'jump' }, script, 'deep 100000')
  assert.deepEqual([tally.returned, numberOf(maps[''])], [100_000, 100_000])
  assert.deepEqual(warnings, [])
})

test('by jump: calls beyond the limit are missed where their places are taken, and it is said', { skip }, async () => {
  const script = 'uretprobe:returns:deep { @a = count() } uretprobe:returns:deep { @b = count() }'
  const { maps, warnings } = await during(program, { via: 'jump' }, script, 'deep 100000')
  assert.deepEqual([numberOf(maps['a']), numberOf(maps['b'])], [100_000, 16_384])
  assert.match(warnings.join(''), /More than 16384 calls .*\(83616 times\)/)
})

test('by jump: where address space is limited, calls have no places of their own', { skip }, async () => {
  await using target = await startTarget('prlimit', ['--as=100000000', program])
  await using session = await attach(target.pid, { via: 'jump' })
  await using run = await session.run('uretprobe:returns:deep { @ = count() }')
  await target.ask('deep 20000', /returned=20000/)
  await run.close()
  assert.equal(numberOf(run.maps['']), 16_384)
})

test('by jump: a child of fork counts nothing and is not harmed', { skip }, async () => {
  const script = 'uretprobe:returns:split { @ = count() }'
  const { maps, tally } = await during(program, { via: 'jump' }, script, 'split 100')
  assert.deepEqual([tally.returned, numberOf(maps[''])], [100, 100])
})

interface OtherProgram {
  readonly name: ProgramName
  readonly args: readonly string[]
  readonly options: AttachOptions
  /** The function, and how often the program says that it has returned. */
  readonly symbol: string
  readonly returns: (said: ReadonlyMap<string, bigint>) => bigint
}

const few = ['--threads', '2', '--calls', '60']
const many = ['--threads', '4', '--calls', '20000']

const otherPrograms: readonly OtherProgram[] = [
  { name: 'throws', args: few, options: { via: 'breakpoint' }, symbol: 'passer', returns: counted('work') },
  { name: 'throws', args: many, options: { via: 'jump' }, symbol: 'passer', returns: counted('work') },
  { name: 'throws', args: few, options: { via: 'breakpoint' }, symbol: 'jumper', returns: () => 2n * 48n },
  { name: 'rust-calls', args: [], options: { via: 'jump' }, symbol: '*may_panic*', returns: counted('work') },
]

function counted(name: string): OtherProgram['returns'] {
  return (said) => said.get(name) ?? -1n
}

for (const { name, args, options, symbol, returns } of otherPrograms) {
  test(`by ${options.via}: ${symbol} of ${name}, with exceptions thrown through it`, async (t) => {
    const other = await buildProgram(name)
    if (other.kind === 'missing') return t.skip(other.because)
    await using target = await startTarget(other.path, args)
    const before = captureState(target.pid)
    const said = await (async () => {
      await using session = await attach(target.pid, options)
      await using run = await session.run(`uretprobe:${name}:${symbol} { @ = count() }`)
      const said = parseTally(await target.ask('go', /^counted/, 120_000))
      await run.close()
      assert.equal(BigInt(numberOf(run.maps[''])), returns(said))
      return said
    })()
    assert.equal(said.get('wrong'), 0n)
    assert.deepEqual(stateDifferences(before), [])
  })
}

for (const via of ['jump', 'signal', 'auto'] as const) {
  test(`returns are counted by ${via}, each once`, async (t) => {
    const other = await buildProgram('calls')
    if (other.kind === 'missing') return t.skip(other.because)
    await using target = await startTarget(other.path, ['--threads', '2', '--calls', '2000'])
    const before = captureState(target.pid)
    {
      await using session = await attach(target.pid, { via })
      const probes = await session.count('calls:recurse', 'uretprobe:calls:recurse', 'ur:calls:l*f')
      const said = parseTally(await target.ask('go', /^counted/, 120_000))
      const { counts } = await probes.remove()
      assert.deepEqual(Object.fromEntries(counts), {
        'calls:recurse': said.get('recurse'),
        'uretprobe:calls:recurse': said.get('recurse'),
        'uretprobe:calls:leaf': said.get('leaf'),
      })
    }
    assert.deepEqual(stateDifferences(before), [])
  })
}

test('returns have no offset, and no handler of a library’s user', { skip }, async () => {
  await using target = await startTarget(program)
  await using session = await attach(target.pid)
  await assert.rejects(session.count('uretprobe:returns:deep+4'), /returns are those of a function/)
  await assert.rejects(session.probe('uretprobe:returns:deep', { entry: () => undefined }), /can be counted/)
})

test('functions of Go are refused: their stacks move', async (t) => {
  const other = await buildProgram('go-calls')
  if (other.kind === 'missing') return t.skip(other.because)
  await using target = await startTarget(other.path)
  await using session = await attach(target.pid, { via: 'breakpoint' })
  await assert.rejects(session.run('uretprobe:go-calls:main.work { @ = count() }'), /goroutines change their stacks/)
})

test('return probes come and go under eight busy threads, and nothing is lost', async (t) => {
  const report = await runReturnCycles(12)
  if ('missing' in report) return t.skip(report.missing)
  assert.deepEqual(report, { ...report, wrong: 0, differences: [], mismatched: 0 })
  t.diagnostic(`${report.returns} returns in ${report.cycles} cycles`)
})
