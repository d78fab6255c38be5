import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { CountProcess } from '../runtime/ring3-cli.js'
import type { PseudoRandom } from './pseudo-random.js'

/**
 * When ring3 is killed. `anywhen` is uniform over 0–1500 ms; the other moments follow the tracer's own steps, since the
 * time that a patch takes is short.
 */
export const killMoments = [
  'anywhen',
  'amid-attach',
  'amid-attach',
  'after-attach',
  'amid-detach',
  'amid-detach',
] as const

export type KillMoment = (typeof killMoments)[number]

function tracerOf(pid: number): number {
  return Number(/^TracerPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0)
}

/** Looks without a pause: the stop lasts a few milliseconds. False when ring3 ended, or the time is over, before. */
async function untilTraced(pid: number, ring3: CountProcess, timeoutMs: number): Promise<boolean> {
  let ended = false
  void ring3.exited().then(() => {
    ended = true
  })
  for (const end = performance.now() + timeoutMs; performance.now() < end && !ended; await nextTurn()) {
    if (tracerOf(pid) !== 0) return true
  }
  return false
}

function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

/** Most kills fall into the first milliseconds of a stop, where the steps are short. */
function intoStop(random: PseudoRandom): number {
  return random.next() < 0.5 ? random.below(2) : random.below(40)
}

/** Waits for the moment and kills ring3. Returns whether the target was being traced at the time. */
export async function killAt(
  moment: KillMoment,
  target: number,
  ring3: CountProcess,
  random: PseudoRandom,
): Promise<boolean> {
  if (moment === 'anywhen') await sleep(random.below(1500))
  if (moment === 'amid-attach' && (await untilTraced(target, ring3, 5000))) spin(intoStop(random))
  if (moment === 'after-attach' || moment === 'amid-detach') await ring3.attached()
  if (moment === 'after-attach') await sleep(random.below(50))
  if (moment === 'amid-detach') {
    ring3.signal('SIGINT')
    if (await untilTraced(target, ring3, 5000)) spin(intoStop(random))
  }
  const traced = tracerOf(target) !== 0
  ring3.signal('SIGKILL')
  await ring3.exited()
  return traced
}
