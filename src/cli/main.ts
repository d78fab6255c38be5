#!/usr/bin/env node
import { attach, clean, listFile, type Ring3 } from '../ring3.js'
import { runCommandLine } from './command-line.js'
import { nodeHost } from './host.js'
import { packageVersion } from './package-version.js'

const engine: Ring3 = { attach, clean, listFile }

process.exitCode = await runCommandLine(process.argv.slice(2), engine, nodeHost(), packageVersion())
