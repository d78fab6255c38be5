#!/usr/bin/env node
import { startWorkerAhead } from '../session/idle-worker.js'

const args = process.argv.slice(2)
// Who names a process has something done there. Before the rest is loaded, so that both are at the same time.
if (args.some((arg) => /^(-p|--pid)/.test(arg))) startWorkerAhead()

const [engine, { runCommandLine }, { nodeHost }, { packageVersion }] = await Promise.all([
  import('../ring3.js'),
  import('./command-line.js'),
  import('./host.js'),
  import('./package-version.js'),
])
process.exitCode = await runCommandLine(args, engine, nodeHost(), packageVersion())
