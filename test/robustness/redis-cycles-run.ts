import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { attach } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { captureState, stateDifferences } from '../runtime/target-state.js'
import { redisWorkload, startRedis } from '../workloads/redis-workload.js'
import { makeServerFolder } from '../workloads/server-folder.js'
import type { LoadResult } from '../workloads/workload.js'
import { type Spread, spreadMs } from './figures.js'

export interface RedisCyclesReport {
  readonly cycles: number
  readonly hits: string
  /** EINTRs that redis saw, and the system calls of redis that were watched. */
  readonly interrupted: number
  readonly watchedCalls: number
  /** The same without ring3, for the same load. */
  readonly controlInterrupted: number
  readonly controlWatchedCalls: number
  readonly stopped: Spread
  readonly cycle: Spread
  readonly load: LoadResult
  readonly problems: readonly string[]
}

const patterns = ['redis-server:processCommand', 'redis-server:aeProcessEvents', 'libc:malloc', 'libc:epoll_wait']

interface Witness {
  readonly interrupted: number
  readonly calls: number
}

function readWitness(path: string): Witness {
  const bytes = readFileSync(path)
  return { interrupted: Number(bytes.readBigUInt64LE(0)), calls: Number(bytes.readBigUInt64LE(8)) }
}

function since(before: Witness, after: Witness): Witness {
  return { interrupted: after.interrupted - before.interrupted, calls: after.calls - before.calls }
}

interface Cycles {
  hits: bigint
  readonly stoppedNs: number[]
  readonly cycleNs: number[]
}

/** A cycle patches and restores under one stop each; after so many the session is ended, too, and a new one begun. */
const cyclesPerSession = 100

async function runSession(pid: number, cycles: number, done: Cycles): Promise<void> {
  await using session = await attach(pid)
  for (let n = 0; n < cycles; n++) {
    const began = performance.now()
    const probes = await session.count(...patterns)
    const { counts } = await probes.remove()
    for (const count of counts.values()) done.hits += count
    done.stoppedNs.push(probes.attached.stoppedNs)
    done.cycleNs.push((performance.now() - began) * 1e6)
  }
}

async function runCycles(pid: number, cycles: number): Promise<Cycles> {
  const done: Cycles = { hits: 0n, stoppedNs: [], cycleNs: [] }
  while (done.cycleNs.length < cycles) {
    await runSession(pid, Math.min(cyclesPerSession, cycles - done.cycleNs.length), done)
    if (done.cycleNs.length % 1000 === 0) process.stderr.write(`${done.cycleNs.length} cycles, ${done.hits} hits\n`)
  }
  return done
}

/** Attaches to a busy redis and detaches, again and again, and counts the EINTRs that redis sees. */
export async function runRedisCycles(cycles: number): Promise<RedisCyclesReport | { readonly missing: string }> {
  const missing = redisWorkload.missing()
  const library = await buildProgram('eintr-witness.so')
  if (missing !== undefined) return { missing }
  if (library.kind === 'missing') return { missing: library.because }
  await using folder = await makeServerFolder('witness')
  const witness = join(folder.path, 'counters')
  await using running = await startRedis({ LD_PRELOAD: library.path, EINTR_WITNESS: witness })
  const before = captureState(running.server.pid)
  const load = running.startLoad()
  const start = readWitness(witness)
  await sleep(3000)
  const control = since(start, readWitness(witness))
  const began = readWitness(witness)
  const { hits, stoppedNs, cycleNs } = await runCycles(running.server.pid, cycles)
  const seen = since(began, readWitness(witness))
  const result = await load.finish()
  const problems = [...stateDifferences(before), ...(await running.complaints())]
  return {
    cycles,
    hits: String(hits),
    interrupted: seen.interrupted,
    watchedCalls: seen.calls,
    controlInterrupted: control.interrupted,
    controlWatchedCalls: control.calls,
    stopped: spreadMs(stoppedNs),
    cycle: spreadMs(cycleNs),
    load: result,
    problems,
  }
}

export function isCleanRun({ interrupted, load, problems }: RedisCyclesReport): boolean {
  return interrupted === 0 && load.failures === 0 && load.wrongAnswers === 0 && problems.length === 0
}
