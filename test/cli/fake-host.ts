import assert from 'node:assert/strict'
import { runCommandLine } from '../../src/cli/command-line.js'
import type { EndingSignal, Host, TextSink } from '../../src/cli/host.js'
import { fakeEngine, type Scenario } from './fake-engine.js'

/** A terminal or pipe that remembers what was written to it. */
export class FakeSink implements TextSink {
  text = ''
  failure: Error | undefined
  readonly columns = 60
  readonly rows = 8
  #closed: (() => void)[] = []
  #ended = false
  readonly #onWrite: (text: string) => void

  constructor(
    readonly isTerminal: boolean,
    onWrite: (text: string) => void = () => undefined,
  ) {
    this.#onWrite = onWrite
  }

  write(text: string): void {
    assert.ok(!this.#ended, 'EBADF: bad file descriptor, write')
    this.text += text
    this.#onWrite(text)
  }

  onClosed(listener: () => void): void {
    this.#closed.push(listener)
  }

  /** As a file that has been closed: nothing can be written any more. */
  end(): void {
    this.#ended = true
  }

  close(): void {
    for (const listener of this.#closed) listener()
  }
}

/** A process that can be told to receive signals. */
export interface FakeHost extends Host {
  readonly stdout: FakeSink
  readonly stderr: FakeSink
  readonly files: Map<string, FakeSink>
  signal(name: EndingSignal): void
}

export interface HostOptions {
  readonly terminal?: boolean
  readonly environment?: Readonly<Record<string, string>>
  readonly onWrite?: (text: string, host: FakeHost) => void
}

export function fakeHost({ terminal = false, environment = {}, onWrite }: HostOptions = {}): FakeHost {
  const listeners = new Set<(signal: EndingSignal) => void>()
  const host: FakeHost = {
    stdout: new FakeSink(terminal, (text) => onWrite?.(text, host)),
    stderr: new FakeSink(terminal, (text) => onWrite?.(text, host)),
    environment,
    files: new Map(),
    get failure() {
      return [host.stdout, ...host.files.values()].find(({ failure }) => failure !== undefined)?.failure
    },
    onSignal(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => listeners.delete(listener) }
    },
    openFile(path) {
      if (path.startsWith('/missing/')) throw new Error(`ENOENT: no such file or directory, open '${path}'`)
      const sink = new FakeSink(false)
      host.files.set(path, sink)
      return Object.assign(sink, { [Symbol.dispose]: () => sink.end() })
    },
    readText(path) {
      throw new Error(`ENOENT: no such file or directory, open '${path}'`)
    },
    signal: (name) => {
      for (const listener of listeners) listener(name)
    },
  }
  return host
}

/** What a command line did. */
export interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly events: readonly string[]
}

/** Runs a command line against a fake engine; `line` is split at spaces. */
export async function runFake(line: string, scenario: Scenario = {}, host: FakeHost = fakeHost()): Promise<Run> {
  const events: string[] = []
  const engine = fakeEngine(scenario, (event) => events.push(event))
  const code = await runCommandLine(line.split(' ').filter(Boolean), engine, host, '1.2.3')
  return { code, stdout: host.stdout.text, stderr: host.stderr.text, events }
}
