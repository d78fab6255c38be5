import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { openRealDoor } from '../kernel/real-door.js'
import { isRefusal } from '../refusal/refusal.js'
import { cleanProcess } from './clean-process.js'
import { DISMISSED } from './guardian.js'

// Waits for the end of the process that has started it, and cleans the target then.

const TRIES = 100
const PAUSE_MS = 50

/** What is over when the owner's threads have ended: its files are closed first. */
const passing: ReadonlySet<string> = new Set(['busy', 'already-traced', 'does-not-stop'])

if ((await text(process.stdin)) !== DISMISSED) await clean(Number(process.argv[2]))

/** Its owner may not be quite gone yet, and threads not out of the areas. */
async function clean(pid: number): Promise<void> {
  const door = openRealDoor()
  for (let tries = 0; tries < TRIES; tries++) {
    const cleaned = cleanProcess(door, pid)
    if (isRefusal(cleaned) ? !passing.has(cleaned.code) : cleaned.remaining.length === 0) return
    await delay(PAUSE_MS)
  }
}
