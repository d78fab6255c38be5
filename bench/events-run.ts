import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram } from '../test/programs/build.js'
import { startTarget, type Target } from '../test/programs/start-target.js'
import { ScriptProcess } from '../test/runtime/script-process.js'

/** Events a second that one thread makes; 0: as fast as it can. */
const rates = [250_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 0] as const
const SECONDS = 3
/** Where nothing paces them. */
const UNPACED_EVENTS = 20_000_000
/** 32 MiB for each thread: what fits in there is not lost, however late the reader is. */
const RING_PAGES = 8192
const LIMIT_MS = 120_000
const LINE_FEED = 10

/** What became of the events of one thread, printed as text into a file. */
export interface EventsReport {
  /** 0: as fast as it can. */
  readonly rate: number
  readonly written: number
  readonly received: number
  readonly lost: number
  readonly writtenInSeconds: number
  /** From the first event to the last one in the file. */
  readonly receivedInSeconds: number
}

/** A ring3 of its own for each rate. */
export async function runEvents(): Promise<readonly EventsReport[]> {
  const built = await buildProgram('paced-calls')
  if (built.kind === 'missing') throw new Error(built.because)
  const folder = mkdtempSync(join(tmpdir(), 'ring3-events-'))
  try {
    const reports: EventsReport[] = []
    for (const rate of rates) {
      await using target = await startTarget(built.path)
      reports.push(await eventsAt(rate, target, join(folder, 'out')))
    }
    return reports
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function eventsAt(rate: number, target: Target, file: string): Promise<EventsReport> {
  const script = `config = { perf_rb_pages = ${RING_PAGES} } uprobe:paced-calls:tick { printf("%d %d\\n", arg0, arg1) }`
  const written = rate === 0 ? UNPACED_EVENTS : rate * SECONDS
  await using ring3 = new ScriptProcess(target.pid, script, ['--via', 'jump', '-o', file])
  while (!existsSync(file) || !readFileSync(file, 'latin1').startsWith('Attached')) await sleep(10)
  const began = performance.now()
  const answer = await target.ask(`calls ${written} ${rate}`, /^called/, LIMIT_MS)
  await ring3.end()
  const receivedInSeconds = (performance.now() - began) / 1000
  const writtenInSeconds = Number(answer.split(' ')[3]) / 1e9
  const counted = countEvents(readFileSync(file))
  rmSync(file)
  return { rate, written, ...counted, writtenInSeconds, receivedInSeconds }
}

/** Lines that are events, and what other lines say was lost. */
function countEvents(text: Buffer): Pick<EventsReport, 'received' | 'lost'> {
  let received = 0
  for (let at = text.indexOf(LINE_FEED); at !== -1; at = text.indexOf(LINE_FEED, at + 1))
    if (isDigit(text[at - 1])) received++
  let lost = 0
  for (let at = text.indexOf('Lost '); at !== -1; at = text.indexOf('Lost ', at + 1))
    lost += Number.parseInt(text.toString('latin1', at + 5, at + 25), 10)
  return { received, lost }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
