import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '../style/golden.js'
import { fakeHost, runFake } from './fake-host.js'

test('--help is worth reading', async () => {
  const pages: string[] = []
  for (const line of [
    '--help',
    'run --help',
    'count --help',
    'flame --help',
    'graph --help',
    'list --help',
    'explain --help',
    'clean --help',
  ]) {
    const run = await runFake(line)
    assert.equal(run.code, 0)
    pages.push(`$ ring3 ${line}\n${run.stdout}`)
  }
  assertGolden('test/cli/help.golden', pages.join('\n'))
})

test('--version prints the version', async () => {
  assert.deepEqual(await runFake('--version'), { code: 0, stdout: '1.2.3\n', stderr: '', events: [] })
})

const wrong: readonly [string, RegExp][] = [
  ['count libc:malloc', /required option '-p, --pid <PID>' not specified/],
  ['count -p 7', /missing required argument 'patterns'/],
  ['count -p x libc:malloc', /A process id is a number from 1 to 4194304/],
  ['count -p 0 libc:malloc', /A process id is a number/],
  ['count -p -1 libc:malloc', /A process id is a number/],
  ['count -p 7 -d 0 libc:malloc', /a number of seconds/],
  ['count -p 7 -d 1e9 libc:malloc', /a number of seconds/],
  ['count -p 7 -i x libc:malloc', /a number of seconds/],
  ['count -p 7 -f xml libc:malloc', /The formats are text, json/],
  ['count -p 7 --al libc:malloc', /unknown option '--al'\n\(Did you mean --all\?\)/],
  ['flame libc:malloc', /required option '-p, --pid <PID>' not specified/],
  ['flame -p 7', /missing required argument 'patterns'/],
  ['flame -p 7 -o malloc.png libc:malloc', /The name of the file ends in \.svg, \.html, \.folded/],
  ['flame -p 7 malloc', /there is no module/],
  ['graph libc:malloc', /required option '-p, --pid <PID>' not specified/],
  ['graph -p 7', /missing required argument 'patterns'/],
  ['graph -p 7 malloc', /there is no module/],
  ['graph -p 7 -N free libc:malloc', /there is no module/],
  ['graph -p 7 -D 0 libc:malloc', /a whole number from 1 on/],
  ['graph -p 7 -n x libc:malloc', /a whole number from 1 on/],
  ['graph -p 7 -t 10m libc:malloc', /a number of nanoseconds, or one with us, ms or s behind it/],
  ['cuont -p 7 libc:malloc', /unknown command 'cuont'\n\(Did you mean count\?\)/],
  ['list', /list needs -p PID or a FILE/],
  ['explain -p 7', /missing required argument/],
  ['explain -p 7 a:b c:d', /too many arguments/],
  ['graph -p 7 libc:malloc+4', /a whole function is wanted here/],
  ['latency -p 7 uretprobe:libc:malloc', /patterns here are those of uprobe, not of uretprobe/],
  ['flame -p 7 uretprobe:libc:malloc', /patterns here are those of uprobe, not of uretprobe/],
  ['-l -p 7 -e BEGIN{}', /-l takes patterns: neither a script nor a command/],
  ['-l -c true uprobe:libc:*', /-l takes patterns: neither a script nor a command/],
  ['clean', /missing required argument 'PID'/],
  ['clean x', /A process id is a number/],
  [
    'count -p 7 malloc',
    /^ring3: pattern ‘malloc’, character 1: there is no module: write MODULE:SYMBOL, for example libc:malloc\n$/,
  ],
  ['explain -p 7 malloc', /there is no module/],
  ['list -p 7 libc:', /the symbol is empty/],
]

for (const [line, message] of wrong) {
  test(`ring3 ${line}: exit code 2, a message, and nothing is touched`, async () => {
    const run = await runFake(line)
    assert.equal(run.code, 2)
    assert.match(run.stderr, message)
    assert.match(run.stderr, /^ring3: /)
    assert.equal(run.stdout, '')
    assert.deepEqual(run.events, [])
  })
}

test('without a command the help goes to stderr', async () => {
  const host = fakeHost()
  const run = await runFake('', {}, host)
  assert.equal(run.code, 2)
  assert.match(run.stderr, /^Usage: ring3/)
})
