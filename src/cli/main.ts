#!/usr/bin/env node
import { attach, clean, launch, listFile, measureMechanisms, mechanisms, run } from '../ring3.js'
import { runCommandLine } from './command-line.js'
import { nodeHost } from './host.js'
import { packageVersion } from './package-version.js'

process.exitCode = await runCommandLine(
  process.argv.slice(2),
  { attach, clean, launch, listFile, measureMechanisms, mechanisms, run },
  nodeHost(),
  packageVersion(),
)
