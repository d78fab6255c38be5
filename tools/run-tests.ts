// Runs the compiled tests one file after the other and closes with `N passed, N failed, N skipped`.
// Arguments: the test files to run, as beginnings of their paths below test/ (`cli probe/pattern`); all without any.
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TestTally } from './test-tally.js'

/** A file that takes longer hangs. */
const FILE_TIMEOUT_MS = 10 * 60_000

const root = fileURLToPath(new URL('../test', import.meta.url))
const wanted = process.argv.slice(2)
const files = testFiles().filter(
  (file) => wanted.length === 0 || wanted.some((part) => relative(root, file).startsWith(part)),
)
const tally = new TestTally()
const started = performance.now()

// One file at a time: tests measure, stop processes and count system-wide facts.
const events = run({ files, concurrency: 1, timeout: FILE_TIMEOUT_MS })
const noise: string[] = []
let lastFile = ''
events.on('test:dequeue', ({ file }) => announce(file))
events.on('test:pass', (report) => tally.pass(report))
events.on('test:fail', (report) => tally.fail(report))
events.on('test:stderr', ({ message }) => noise.push(message))
for await (const _ of events) {
  // Reading the stream is what drives it.
}
report()

function testFiles(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(root, name))
    .sort()
}

function announce(file: string | undefined): void {
  if (file === undefined || file === lastFile) return
  lastFile = file
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(`${String(seconds).padStart(5)} s  ${shown(file)}`)
}

function report(): void {
  for (const { name, file, text } of tally.skipped) console.log(`skipped: ${shown(file)}: ${name}: ${text}`)
  // What failing tests wrote; passing ones may write what they like.
  if (tally.failed.length > 0 && noise.length > 0) console.log(`\nstderr of the tests:\n${noise.join('')}`)
  for (const { name, file, text } of tally.failed) console.log(`\nFAILED: ${shown(file)}: ${name}\n${text}`)
  console.log(`\n${files.length} files in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  console.log(tally.summary())
  process.exitCode = tally.isGood ? 0 : 1
}

function shown(file: string): string {
  return file === '' ? '' : relative(root, file).replace(/\.js$/, '.ts')
}
