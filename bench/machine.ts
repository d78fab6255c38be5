import { execFileSync } from 'node:child_process'
import { cpus, release } from 'node:os'

/** What figures depend on. */
export interface Machine {
  readonly processor: string
  readonly processors: number
  readonly kernel: string
  readonly node: string
  readonly virtual: string
}

function virtualization(): string {
  try {
    return execFileSync('systemd-detect-virt', { encoding: 'utf8' }).trim()
  } catch {
    return /hypervisor/.test(execFileSync('grep', ['-m1', 'flags', '/proc/cpuinfo'], { encoding: 'utf8' }))
      ? 'yes'
      : 'no'
  }
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    kernel: release().replace(/^(\d+\.\d+(\.\d+)?).*/, '$1'),
    node: process.version,
    virtual: virtualization(),
  }
}
