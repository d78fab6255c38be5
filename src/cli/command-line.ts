import { setImmediate as nextTurn } from 'node:timers/promises'
import { Command, CommanderError, InvalidArgumentError, Option, type OutputConfiguration } from 'commander'
import { textOutput } from '../outputs/text/text-output.js'
import type { Ring3 } from '../session/api.js'
import { resumeChoices, viaChoices } from '../session/catch-options.js'
import { DEFAULT_DEPTH } from '../session/graph-options.js'
import { bufferModes } from './buffered-sink.js'
import { runClean } from './clean-command.js'
import { type CountOptions, runCount } from './count-command.js'
import type { PrintOptions } from './destination.js'
import { type CommandResult, codeOf } from './exit-code.js'
import { type ExplainOptions, runExplain } from './explain-command.js'
import { type FlameOptions, flameEndings, runFlame } from './flame-command.js'
import { type GraphCommandOptions, runGraph } from './graph-command.js'
import {
  cleanHelp,
  countHelp,
  explainHelp,
  flameHelp,
  generalHelp,
  graphHelp,
  latencyHelp,
  listHelp,
  mechanismsHelp,
  runHelp,
} from './help-text.js'
import type { Host } from './host.js'
import { type LatencyCommandOptions, runLatency } from './latency-command.js'
import { type ListCommandOptions, runList } from './list-command.js'
import { listProbes } from './list-probes.js'
import { type MechanismsOptions, runMechanisms } from './mechanisms-command.js'
import { Messages, type Volume } from './messages.js'
import { countValue, outputs, outputValue, pidValue, secondsValue, timeValue } from './option-values.js'
import { readScript, type ScriptOptions, unknownCommand } from './read-script.js'
import type { RunCommandOptions } from './run-command.js'

/** What the commands work with. */
interface Context {
  readonly engine: Ring3
  readonly host: Host
  /** Takes the outcome of the command that ran. */
  readonly finish: (result: CommandResult) => void
}

/** Runs one command line, without the program's name, and returns the exit code. */
export async function runCommandLine(
  args: readonly string[],
  engine: Ring3,
  host: Host,
  version: string,
): Promise<number> {
  let outcome: CommandResult = 'done'
  const context: Context = { engine, host, finish: (result) => (outcome = result) }
  try {
    await createProgram(context, version).parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Commander has printed its message already; help and version that were asked for end without an error.
    outcome = error.exitCode === 0 ? 'done' : 'usage'
  }
  return codeOf(await afterWriting(outcome, host))
}

/** A result that could not be written is a failure. Streams report it a moment after the writing. */
async function afterWriting(outcome: CommandResult, host: Host): Promise<CommandResult> {
  await nextTurn()
  const { failure } = host
  return failure === undefined ? outcome : new Messages(host.stderr, silent).failure(failure)
}

/** The commands, their options and their help. */
export function createProgram(context: Context, version: string): Command {
  const program = new Command('ring3')
    .description('Probe programs that are already running: no restart, no root, no trap per hit.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', generalHelp)
    .exitOverride()
    .configureOutput(commanderOutput(context.host))
  addRun(program, context)
  addCount(program, context)
  addFlame(program, context)
  addLatency(program, context)
  addGraph(program, context)
  addList(program, context)
  addExplain(program, context)
  addClean(program, context)
  addMechanisms(program, context)
  return program
}

function addRun(program: Command, { engine, host, finish }: Context): void {
  const command = program
    .command('run', { isDefault: true })
    .summary('run a script of bpftrace’s language; the word run may be left out')
    .usage("[-p PID | -c COMMAND] [options] (-e 'SCRIPT' | FILE | -) [PARAMETER…]")
    .argument('[args...]', 'a file with the script, unless there is -e; then what the script calls $1, $2 …')
    .option('-e, --evaluate <SCRIPT>', 'run this script')
    .addOption(pidOption())
    .addOption(new Option('-c, --command <COMMAND>', 'start this, and probe it').conflicts('pid'))
    .option('--unsafe', 'allow system() and signal()')
    .option('-l, --list', 'list the probes that a pattern, a file or a process has, and run nothing')
    .addOption(new Option('-B, --buffer <MODE>', 'when output is written').choices(bufferModes).default('line'))
    .option('--dry-run', 'plant the probes and take them out again')
    .option('-d, --debug', 'show what the script is compiled to, and do not run it')
    .addOption(viaOption())
    .addOption(resumeOption())
    .addOption(refusedOption('-I <FOLDER>'))
    .addOption(refusedOption('--include <FILE>'))
    .addHelpText('after', runHelp)
  addPrintOptions(command).action(async (args: string[], options: RunCommandOptions & ScriptOptions) => {
    const messages = new Messages(host.stderr, options)
    if (options.list === true) {
      if (options.evaluate !== undefined || options.command !== undefined)
        command.error('error: -l takes patterns: neither a script nor a command')
      finish(await guarded(messages, () => listProbes(args, options, engine, host, messages)))
      return
    }
    if (options.evaluate === undefined && args.length === 0) program.help({ error: true })
    finish(
      await guarded(messages, async () => {
        const script = readScript(args, options, host)
        if (script === undefined) return command.error(unknownCommand(args, program))
        // With the compiler, which the other commands do without.
        const { runOrShow } = await import('./run-command.js')
        return await runOrShow(script, options, engine, host, messages)
      }),
    )
  })
}

function addCount(program: Command, { engine, host, finish }: Context): void {
  const command = program
    .command('count')
    .summary('count calls of functions in a running process')
    .usage('-p PID [options] PATTERN…')
    .argument('<patterns...>', 'functions to count')
    .addOption(pidOption().makeOptionMandatory())
    .addOption(new Option('-d, --duration <SECONDS>', 'end after so long').argParser(secondsValue))
    .addOption(
      new Option('-i, --interval <SECONDS>', 'show the counts so often, not only at the end').argParser(secondsValue),
    )
    .option('--all', 'show functions that were not called, too')
    .addOption(viaOption())
    .addOption(resumeOption())
    .option('--no-follow', 'keep the tracer of breakpoint off the processor of a thread that hits all the time')
    .addHelpText('after', countHelp)
  addPrintOptions(command).action(async (patterns: string[], options: CountOptions) => {
    const messages = new Messages(host.stderr, options)
    finish(await guarded(messages, () => runCount(patterns, options, engine, host, messages)))
  })
}

function addFlame(program: Command, { engine, host, finish }: Context): void {
  program
    .command('flame')
    .summary('draw who calls functions in a running process: a flame graph')
    .usage('-p PID [options] PATTERN…')
    .argument('<patterns...>', 'functions whose callers are wanted')
    .addOption(pidOption().makeOptionMandatory())
    .addOption(new Option('-d, --duration <SECONDS>', 'end after so long').argParser(secondsValue))
    .addOption(
      new Option('-o, --output <FILE>', `write to a file: ${flameEndings.join(', ')}`).argParser(flameFileValue),
    )
    .option('-v, --verbose', 'say more on stderr: progress, refusals, causes')
    .option('-q, --quiet', 'say nothing on stderr but errors')
    .addHelpText('after', flameHelp)
    .action(async (patterns: string[], options: FlameOptions) => {
      const messages = new Messages(host.stderr, options)
      finish(await guarded(messages, () => runFlame(patterns, options, engine, host, messages)))
    })
}

/** The name of a file says what is drawn. */
function flameFileValue(path: string): string {
  if (flameEndings.some((ending) => path.endsWith(ending))) return path
  throw new InvalidArgumentError(`The name of the file ends in ${flameEndings.join(', ')}.`)
}

function addLatency(program: Command, { engine, host, finish }: Context): void {
  const command = program
    .command('latency')
    .summary('measure how long calls of functions take in a running process')
    .usage('-p PID [options] PATTERN…')
    .argument('<patterns...>', 'functions to measure')
    .addOption(pidOption().makeOptionMandatory())
    .addOption(new Option('-d, --duration <SECONDS>', 'end after so long').argParser(secondsValue))
    .addOption(new Option('--by <WHAT>', 'threads apart').choices(['tid']))
    .addOption(viaOption())
    .addHelpText('after', latencyHelp)
  addPrintOptions(command).action(async (patterns: string[], options: LatencyCommandOptions) => {
    const messages = new Messages(host.stderr, options)
    finish(await guarded(messages, () => runLatency(patterns, options, engine, host, messages)))
  })
}

function addGraph(program: Command, { engine, host, finish }: Context): void {
  const command = program
    .command('graph')
    .summary('show what functions of a running process call, and how long that takes')
    .usage('-p PID [options] PATTERN…')
    .argument('<patterns...>', 'functions at which a graph begins')
    .addOption(pidOption().makeOptionMandatory())
    .addOption(new Option('-d, --duration <SECONDS>', 'end after so long').argParser(secondsValue))
    .addOption(new Option('-n, --max <N>', 'end after so many calls of these functions').argParser(countValue))
    .addOption(new Option('-D, --depth <N>', 'show so many levels').argParser(countValue).default(DEFAULT_DEPTH))
    .addOption(new Option('-t, --time-filter <TIME>', 'leave out calls that took less: 10us').argParser(timeValue))
    .addOption(patternsOption('--with <PATTERN>', 'look at these functions, too: libc:*'))
    .addOption(patternsOption('-N, --notrace <PATTERN>', 'leave out these functions and what they call'))
    .addOption(patternsOption('-H, --hide <PATTERN>', 'do not look at these functions'))
    .option('--all', 'look also at functions that no jump reaches: durations are longer for it')
    .addOption(new Option('--tid <TID>', 'look at one thread').argParser(pidValue))
    .option('--merge', 'show all calls as one tree at the end: how many, and how long in all')
    .addOption(viaOption())
    .addHelpText('after', graphHelp)
  addPrintOptions(command).action(async (patterns: string[], options: GraphCommandOptions) => {
    const messages = new Messages(host.stderr, options)
    finish(await guarded(messages, () => runGraph(patterns, options, engine, host, messages)))
  })
}

/** May be given several times. */
function patternsOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text, before: readonly string[] = []) => [...before, text])
}

function addList(program: Command, { engine, host, finish }: Context): void {
  const command = program
    .command('list')
    .summary('list the functions of a running process or of a file')
    .usage('[options] (-p PID [PATTERN…] | FILE [SYMBOL…])')
    .argument('[args...]', 'with -p patterns, else a file and symbol globs')
    .addOption(pidOption())
    .addHelpText('after', listHelp)
  addPrintOptions(command).action(async (args: string[], options: ListCommandOptions) => {
    if (options.pid === undefined && args.length === 0) command.error('error: list needs -p PID or a FILE')
    const messages = new Messages(host.stderr, options)
    finish(await guarded(messages, () => runList(args, options, engine, host, messages)))
  })
}

function addExplain(program: Command, { engine, host, finish }: Context): void {
  const command = program
    .command('explain')
    .summary('show how a function would be probed, or why it is refused')
    .usage('-p PID [options] PATTERN')
    .argument('<pattern>', 'functions to explain')
    .addOption(pidOption().makeOptionMandatory())
    .addOption(viaOption())
    .addOption(resumeOption())
    .addHelpText('after', explainHelp)
  addPrintOptions(command).action(async (pattern: string, options: ExplainOptions) => {
    const messages = new Messages(host.stderr, options)
    finish(await guarded(messages, () => runExplain(pattern, options, engine, host, messages)))
  })
}

function addClean(program: Command, { engine, host, finish }: Context): void {
  const command = program
    .command('clean')
    .summary('remove what a killed ring3 left behind in a process')
    .usage('[options] PID')
    .argument('<PID>', 'the process', pidValue)
    .addHelpText('after', cleanHelp)
  addPrintOptions(command).action(async (pid: number, options: PrintOptions) => {
    const messages = new Messages(host.stderr, options)
    finish(await guarded(messages, () => runClean(pid, options, engine, host, messages)))
  })
}

function addMechanisms(program: Command, { engine, host, finish }: Context): void {
  const command = program
    .command('mechanisms')
    .summary('show the ways of catching threads: what each needs, and what a process can notice')
    .option('--measure', 'measure what a hit costs on this machine, with a process started for it; takes some seconds')
    .addHelpText('after', mechanismsHelp)
  addPrintOptions(command).action(async (options: MechanismsOptions) => {
    finish(await guarded(new Messages(host.stderr, options), () => runMechanisms(options, engine, host)))
  })
}

function pidOption(): Option {
  return new Option('-p, --pid <PID>', 'the process').argParser(pidValue)
}

/** bpftrace's, which ring3 has not. */
function refusedOption(flags: string): Option {
  return new Option(flags).hideHelp().argParser(() => {
    throw new InvalidArgumentError('C headers are not read: write the structs that the script needs into it.')
  })
}

function viaOption(): Option {
  return new Option('--via <MECHANISM>', 'how threads are caught').choices(viaChoices).default('auto')
}

function resumeOption(): Option {
  return new Option('--resume <RESUME>', 'how breakpoint executes the displaced instruction')
    .choices(resumeChoices)
    .default('auto')
}

function addPrintOptions(command: Command): Command {
  const formats = outputs.map(({ name }) => name).join(' or ')
  return command
    .addOption(new Option('-f, --format <FORMAT>', formats).argParser(outputValue).default(textOutput, textOutput.name))
    .option('-o, --output <FILE>', 'write the results to a file')
    .option('-v, --verbose', 'say more on stderr: progress, refusals, causes')
    .option('-q, --quiet', 'say nothing on stderr but errors')
}

/** The one place where a failure of a command ends: a message and an outcome. */
async function guarded(messages: Messages, run: () => Promise<CommandResult>): Promise<CommandResult> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof CommanderError) throw error
    return messages.failure(error)
  }
}

const silent: Volume = { verbose: false, quiet: true }

function commanderOutput(host: Host): OutputConfiguration {
  const messages = new Messages(host.stderr, silent)
  return {
    writeOut: (text) => host.stdout.write(text),
    writeErr: (text) => host.stderr.write(text),
    getOutHelpWidth: () => HELP_WIDTH,
    getErrHelpWidth: () => HELP_WIDTH,
    outputError: (text) => messages.error(text.replace(/^error: /, '').trimEnd()),
  }
}

/** The same in every terminal, so that help can be tested and quoted. */
const HELP_WIDTH = 100
