/**
 * A process of its own, which ring3 probes to see what that costs: tells its pid, and then for every line that it reads how
 * many nanoseconds a call of libc's getuid takes it. Ends when there is nothing more to read.
 */
import { hrtime } from 'node:process'

const CALLS = 64
const ROUND_NS = 60_000_000n

function nsPerCall(): number {
  const samples: number[] = []
  const end = hrtime.bigint() + ROUND_NS
  for (let begin = hrtime.bigint(); begin < end; begin = hrtime.bigint()) {
    for (let call = 0; call < CALLS; call++) process.getuid?.()
    samples.push(Number(hrtime.bigint() - begin) / CALLS)
  }
  // The lower quartile: what other processes did meanwhile is in the others.
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 4)] ?? 0
}

process.stdout.write(`${process.pid}\n`)
process.stdin.on('data', () => {
  process.stdout.write(`${nsPerCall()}\n`)
})
