/**
 * A tracer for tests that need one of its own: as another user, or to be killed. Arguments: pid, `counts` or `samples`,
 * `hold` or `repeat`, watchpoints. Says `installed`, or `refused CODE SENTENCE`. With `hold`, answers each line on stdin
 * with the counts; with `repeat`, installs, reads and removes without end.
 */
import assert from 'node:assert/strict'
import { x64 } from '../../../src/isa/x64/x64.js'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import { HardwareProbes } from '../../../src/mechanisms/hardware/hardware-probes.js'
import { planHardware } from '../../../src/mechanisms/hardware/plan.js'
import { parseWatchpoint } from '../../../src/probe/watchpoint.js'
import { isRefusal } from '../../../src/refusal/refusal.js'

const READS = 20
const [pid = '', results = '', mode = '', ...texts] = process.argv.slice(2)
const door = openRealDoor()

const watchpoints = texts.map((text) => {
  const watchpoint = parseWatchpoint(text)
  assert.ok(!isRefusal(watchpoint) && watchpoint.kind === 'watchpoint', text)
  return watchpoint
})
const { breakpoints } = planHardware([], watchpoints, x64)

function install(): HardwareProbes | undefined {
  const made = HardwareProbes.install(door, Number(pid), breakpoints, results === 'samples' ? 'samples' : 'counts')
  process.stdout.write(isRefusal(made) ? `refused ${made.code} ${made.because}\n` : 'installed\n')
  return isRefusal(made) ? undefined : made
}

function repeat(): void {
  for (;;) {
    using probes = install()
    if (probes === undefined) return
    for (let times = 0; times < READS; times++) {
      probes.read()
      probes.samples()
    }
  }
}

function hold(): void {
  const probes = install()
  if (probes === undefined) return
  process.stdin.on('data', () => process.stdout.write(`counts ${probes.read().join(' ')}\n`))
  process.stdin.on('end', () => probes[Symbol.dispose]())
}

if (mode === 'hold') hold()
else repeat()
