#!/usr/bin/env node
import type { Ring3 } from '../session/api.js'
import { runCommandLine } from './command-line.js'
import { nodeHost } from './host.js'
import { packageVersion } from './package-version.js'

const missing = (): Promise<never> => Promise.reject(new Error('the engine is not part of this build yet'))
const engine: Ring3 = { attach: missing, clean: missing, listFile: missing }

process.exitCode = await runCommandLine(process.argv.slice(2), engine, nodeHost(), packageVersion())
