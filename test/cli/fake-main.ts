// The command line with a fake engine, for tests of signals: `fake-main.js ATTACH_MS REMOVE_MS ARGS…`. The engine's events
// go to stderr behind `# `.
import { runCommandLine } from '../../src/cli/command-line.js'
import { nodeHost } from '../../src/cli/host.js'
import { fakeEngine } from './fake-engine.js'

const [attachMs, removeMs, ...args] = process.argv.slice(2)
const engine = fakeEngine(
  { attachMs: Number(attachMs), removeMs: Number(removeMs), readings: [{ 'app:f': 5n }] },
  (event) => process.stderr.write(`# ${event}\n`),
)
process.exitCode = await runCommandLine(args, engine, nodeHost(), '1.2.3')
