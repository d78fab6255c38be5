import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCommandLine } from '../../src/cli/command-line.js'
import { run } from '../../src/session/session.js'
import { fakeEngine } from './fake-engine.js'
import { type FakeHost, fakeHost } from './fake-host.js'

/** Scripts without a target run for real; everything else of the engine is a fake. */
async function runScript(args: readonly string[], host: FakeHost = fakeHost()) {
  const events: string[] = []
  const engine = { ...fakeEngine({}, (event) => events.push(event)), run }
  const code = await runCommandLine(args, engine, host, '1.2.3')
  return { code, stdout: host.stdout.text, stderr: host.stderr.text, events }
}

const hello = 'BEGIN { printf("hello %s %d\\n", str($1), $#); exit(3) }'

test('-e runs a script, whose parameters follow, and its exit code is ours', async () => {
  assert.deepEqual(await runScript(['-e', hello, 'you', '2']), {
    code: 3,
    stdout: 'Attached 1 probe\nhello you 2\n\n\n',
    stderr: '',
    events: [],
  })
})

test('-q leaves out the number of probes, -f json writes a value a line', async () => {
  assert.equal((await runScript(['-q', '-e', hello, 'x'])).stdout, 'hello x 1\n\n\n')
  assert.equal(
    (await runScript(['-f', 'json', '-e', 'BEGIN { @x = 1; exit() }'])).stdout,
    '{"type": "attached_probes", "data": {"probes": 1}}\n{"type": "map", "data": {"@x": 1}}\n',
  )
})

test('-o writes to a file, -B full at the end', async () => {
  const host = fakeHost()
  const { code, stdout } = await runScript(['-o', 'out', '-B', 'full', '-e', hello, 'x'], host)
  assert.deepEqual([code, stdout], [3, ''])
  assert.equal(host.files.get('out')?.text, 'Attached 1 probe\nhello x 1\n\n\n')
})

test('a script is read from a file, or from standard input for -', async () => {
  const files = new Map([
    ['hello.bt', hello],
    ['-', 'BEGIN { nosuch() }'],
  ])
  const host = { ...fakeHost(), readText: (path: string) => files.get(path) ?? '' }
  assert.match((await runScript(['hello.bt', 'a', 'b'], host)).stdout, /^hello a 2$/m)
  const wrong = await runScript(['-'], { ...host, stderr: fakeHost().stderr })
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /^stdin:1:9-15: ERROR: Unknown function: 'nosuch'.*\nBEGIN \{ nosuch\(\) \}\n {8}~{6}\n/)
})

test('the environment has settings', async () => {
  const host = fakeHost({ environment: { RING3_MAX_STRLEN: '4', RING3_NOSUCH: 'x' } })
  assert.match((await runScript(['-e', 'BEGIN { print(str("abcdefg")); exit() }'], host)).stdout, /^abc\.\.$/m)
})

test('-d shows the program and runs nothing', async () => {
  const { code, stdout } = await runScript(['-d', '-e', hello])
  assert.equal(code, 0)
  assert.match(stdout, /^event 0 printf "hello/)
})

test('errors of a script come before anything is touched', async () => {
  const { code, stderr, events } = await runScript(['-p', '7', '-e', 'uprobe:libc:malloc { @ = nosuch }'])
  assert.deepEqual([code, events], [1, []])
  assert.match(stderr, /^stdin:1:26-32: ERROR/)
})

test('what bpftrace has and ring3 has not is refused by name', async () => {
  const refused: readonly [string, RegExp][] = [
    ['uprobe:libc:malloc { @[kstack] = count() }', /^stdin:1:24-30: ERROR: kstack: .*\n.*\n {23}~{6}\nHINT: /m],
    ['kprobe:vfs_read { @ = count() }', /^stdin:1:1-16: ERROR: kprobe probes: .*\n.*\n~{15}\nHINT: /m],
    ['usdt:libc:memory { }', /^stdin:1:1-17: ERROR: usdt probes: /m],
    ['BEGIN { system("ls") }', /^stdin:1:9-21: ERROR: .*safe mode\n.*\n {8}~{12}\nHINT: .*--unsafe/m],
    ['uprobe:libc:malloc { printf("%d", retval) }', /^stdin:1:35-41: ERROR: The retval builtin can only be used with/m],
  ]
  for (const [script, message] of refused) {
    const { code, stderr } = await runScript(['-p', '7', '-e', script])
    assert.equal(code, 1, script)
    assert.match(stderr, message, script)
  }
  for (const option of ['-I', '--include']) {
    const { code, stderr } = await runScript([option, 'x', '-e', hello])
    assert.equal(code, 2)
    assert.match(stderr, /C headers are not read/)
  }
})

test('functions need a process', async () => {
  const { code, stderr } = await runScript(['-e', 'uprobe:libc:malloc { @ = count() }'])
  assert.equal(code, 1)
  assert.match(stderr, /^stdin:1:1-19: ERROR: functions and data are probed in a process: give one with -p PID/)
})

test('Ctrl-C runs END and shows the maps', async () => {
  const host = fakeHost({ onWrite: (text, at) => text.includes('go') && at.signal('SIGINT') })
  const run = await runScript(['-e', 'BEGIN { @x = 5; printf("go\\n") } END { printf("end\\n") }'], host)
  assert.deepEqual([run.code, run.stdout], [0, 'Attached 2 probes\ngo\nend\n\n\n@x: 5\n'])
})

test('-p and -c exclude each other', async () => {
  const { code, stderr } = await runScript(['-p', '7', '-c', 'ls', '-e', hello])
  assert.equal(code, 2)
  assert.match(stderr, /cannot be used with/)
})

test('what the system says is shown as it comes, and only with --unsafe', async () => {
  const script = 'BEGIN { system("echo a; printf b"); cat("/proc/self/comm"); join(0); exit() }'
  const { stdout } = await runScript(['--unsafe', '-q', '-e', script])
  assert.match(stdout, /^a\nb[^\n]+\n\n\n$/)
})

test('--dry-run does nothing that the script says', async () => {
  const { code, stdout } = await runScript(['--dry-run', '--unsafe', '-e', 'BEGIN { system("echo no >&2"); exit(3) }'])
  assert.deepEqual([code, stdout], [0, ''])
})

test('a script that cannot be read is named, without a stack trace', async () => {
  const { code, stderr, events } = await runScript(['-p', '7', 'nosuch.bt'])
  assert.deepEqual([code, events], [1, []])
  assert.match(stderr, /^ring3: nosuch\.bt cannot be read: .*\n$/)
})
