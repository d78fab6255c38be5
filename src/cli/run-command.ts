import { dumpProgram } from '../ir/dump-program.js'
import { refusedLines, refusedSummary, servedLines } from '../outputs/text/attached-text.js'
import type { ProgramRecord } from '../record/program-record.js'
import type { AttachOptions, LaunchedSession, Ring3, RunOptions, Session } from '../session/api.js'
import type { CatchOptions } from '../session/catch-options.js'
import { compileScript } from '../session/compile-script.js'
import type { ScriptRun } from '../session/script-run.js'
import { attachOptions } from './attach-options.js'
import { type BufferMode, bufferedSink, type Writer } from './buffered-sink.js'
import { type Destination, openDestination, type PrintOptions } from './destination.js'
import { Ending } from './ending.js'
import type { CommandResult } from './exit-code.js'
import type { Host } from './host.js'
import type { Messages } from './messages.js'
import { ProgressLine } from './progress-line.js'

/** `ring3 -e SCRIPT` and `ring3 FILE`. */
export interface RunCommandOptions extends PrintOptions, CatchOptions {
  readonly pid?: number
  readonly command?: string
  readonly unsafe?: boolean
  readonly buffer?: BufferMode
  readonly dryRun?: boolean
  readonly debug?: boolean
}

/** A script and what it is run with. */
export interface GivenScript {
  readonly text: string
  readonly options: RunOptions
}

/** Runs a script, or shows what it is compiled to. */
export async function runOrShow(
  script: GivenScript,
  options: RunCommandOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<CommandResult> {
  if (options.debug !== true) return runScript(script, options, engine, host, messages)
  using destination = openDestination(options, false, host)
  const { program, warnings } = compileScript(script.text, script.options)
  for (const warning of warnings) messages.script(warning)
  destination.sink.write(dumpProgram(program))
  return 'done'
}

/** Runs a script until it calls `exit()`, the end is wished for, or the target ends; then runs END, and shows its maps. */
async function runScript(
  script: GivenScript,
  options: RunCommandOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<CommandResult> {
  const hasChild = options.command === undefined ? {} : { childPid: 0 }
  // A script with errors ends the command before anything is started or touched.
  compileScript(script.text, { ...script.options, ...hasChild })
  using destination = openDestination(options, false, host)
  using ending = new Ending(host, destination.sink, () => messages.error('detaching: this cannot be cut short'))
  using progress = new ProgressLine(host.stderr, messages)
  const setUp = attachOptions(options, progress, ending, messages)
  try {
    await using target = await openTarget(options, setUp, engine)
    const run = await begin(script, target, engine)
    progress[Symbol.dispose]()
    if (options.dryRun === true) {
      await run.abandon()
      return 'done'
    }
    if (target !== undefined && 'go' in target) target.go()
    using sink = bufferedSink(destination.sink, options.buffer ?? 'line')
    return await follow(run, { ...destination, sink }, ending, messages, options.command !== undefined)
  } catch (error) {
    const reason = ending.reasonFor(error)
    return reason === 'output-closed' ? 'done' : reason
  }
}

function openTarget(
  { pid, command }: RunCommandOptions,
  setUp: AttachOptions,
  engine: Ring3,
): Promise<Session | LaunchedSession | undefined> {
  if (command !== undefined) return engine.launch(command, setUp)
  return pid === undefined ? Promise.resolve(undefined) : engine.attach(pid, setUp)
}

function begin({ text, options }: GivenScript, session: Session | undefined, engine: Ring3): Promise<ScriptRun> {
  return session === undefined ? engine.run(text, options) : session.run(text, options)
}

async function follow(
  run: ScriptRun,
  destination: Pick<Destination, 'output'> & { readonly sink: Writer },
  ending: Ending,
  messages: Messages,
  isLaunched: boolean,
): Promise<CommandResult> {
  tell(run, destination, messages)
  await new Promise<void>((resolve) => {
    run.once('over', () => resolve())
    ending.signal.addEventListener('abort', () => resolve(), { once: true })
    if (ending.signal.aborted) resolve()
  })
  await run.close()
  const { over } = run
  if (over === undefined || over.reason === 'exit') return { exit: over?.code ?? 0 }
  // That a command ends which was started for the run is its usual end.
  if (!isLaunched || over.reason !== 'target-ended') messages.note(over.message)
  return over.reason === 'failed' ? 'failed' : 'done'
}

/** What the script says goes to the results, what is said about it to stderr. */
function tell(
  run: ScriptRun,
  { sink, output }: Pick<Destination, 'output'> & { readonly sink: Writer },
  messages: Messages,
): void {
  const { quiet, verbose } = messages.volume
  const isWanted = ({ kind }: ProgramRecord): boolean => kind !== 'attached' || quiet !== true
  run.on('record', (record) => {
    if (isWanted(record)) sink.write(output.program(record))
  })
  run.on('message', (text) => messages.script(text))
  run.on('warning', (text) => {
    if (quiet !== true) messages.script(text)
  })
  if (quiet === true) return
  for (const note of run.notes) messages.script(note)
  if (run.attached === undefined) return
  for (const line of servedLines(run.attached)) messages.detail(line)
  const summary = refusedSummary(run.attached)
  if (summary === undefined) return
  messages.note(verbose === true ? summary : `${summary} (-v lists them)`)
  for (const line of refusedLines(run.attached.refused)) messages.detail(line)
}
