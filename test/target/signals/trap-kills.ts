import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { cleanProcess } from '../../../src/session/clean-process.js'
import { buildProgram } from '../../programs/build.js'
import { startTarget, type Target } from '../../programs/start-target.js'
import { PseudoRandom } from '../../robustness/pseudo-random.js'
import { captureState, stateDifferences } from '../../runtime/target-state.js'

const tracerScript = fileURLToPath(new URL('trap-tracer.js', import.meta.url))

export interface TrapKillReport {
  readonly kills: number
  readonly whileTraced: number
  readonly whileArmed: number
  readonly problems: readonly string[]
}

/** A tracer process with what it has said. */
class TrapTracer {
  said = ''
  private readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<unknown>

  constructor(pid: number, site: string) {
    this.child = spawn(process.execPath, [tracerScript, String(pid), site])
    this.child.stdout.on('data', (text: Buffer) => {
      this.said += text.toString()
    })
    this.child.stderr.on('data', (text: Buffer) => {
      this.said += text.toString()
    })
    this.ended = once(this.child, 'exit')
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  async until(condition: () => boolean): Promise<void> {
    while (this.isRunning && !condition()) await nextTurn()
  }

  finish(): void {
    this.child.stdin.write('\n')
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }
}

function isTraced(pid: number): boolean {
  return !/^TracerPid:\s*0$/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
}

function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

/** Kills at one of: any stop of the installation, with the int3 in, any stop of the removal, any time. */
async function killSomewhere(pid: number, tracer: TrapTracer, random: PseudoRandom): Promise<void> {
  const moment = random.pick(['installing', 'armed', 'removing', 'any'] as const)
  if (moment === 'any') await sleep(random.below(2500))
  else {
    if (moment !== 'installing') await tracer.until(() => tracer.said.includes('armed'))
    if (moment === 'armed') await sleep(random.below(30))
    if (moment === 'removing') tracer.finish()
    if (moment !== 'armed') {
      await tracer.until(() => isTraced(pid))
      spin(random.next() * (random.next() < 0.5 ? 4 : 60))
    }
  }
}

async function problemsOf(target: Target): Promise<string[]> {
  if (!target.isRunning()) return [`the target has ended with ${await target.exited}`]
  const before = await target.ask('go', /^calls=/, 5000)
  await sleep(30)
  const after = await target.ask('go', /^calls=/, 5000)
  const callsIn = (line: string): number => Number(/calls=(\d+)/.exec(line)?.[1])
  const stuck = callsIn(after) > callsIn(before) ? [] : ['the target makes no progress']
  return after.includes('wrong=0') ? stuck : [...stuck, after]
}

export async function runTrapKills(
  kinds: string,
  kills: number,
  seed: number,
): Promise<TrapKillReport | { readonly missing: string }> {
  const built = await buildProgram('trap-victim')
  if (built.kind === 'missing') return { missing: built.because }
  await using target = await startTarget(built.path, [kinds])
  const site = /ready (\w+)/.exec(target.stdout.all[0] ?? '')?.[1] ?? ''
  const random = new PseudoRandom(seed)
  const problems: string[] = []
  const before = captureState(target.pid)
  let [done, whileTraced, whileArmed] = [0, 0, 0]
  await target.ask('go', /^calls=/)
  while (done < kills && problems.length === 0) {
    const tracer = new TrapTracer(target.pid, site)
    await killSomewhere(target.pid, tracer, random)
    if (target.isRunning() && isTraced(target.pid)) whileTraced++
    if (tracer.said === 'armed\n') whileArmed++
    await tracer.kill()
    done++
    if (/Error|refus/.test(tracer.said)) problems.push(tracer.said)
    problems.push(...(await problemsOf(target)))
    if (done % 4 === 0 && problems.length === 0) problems.push(...cleanAndCompare(target.pid, before))
  }
  return { kills: done, whileTraced, whileArmed, problems }
}

function cleanAndCompare(pid: number, before: ReturnType<typeof captureState>): string[] {
  const cleaned = cleanProcess(openRealDoor(), pid)
  if (isRefusal(cleaned)) return [cleaned.because]
  return [...cleaned.remaining, ...stateDifferences(before)]
}
