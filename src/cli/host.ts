import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

const STDIN = 0

/** The signals that end a count: Ctrl-C, `kill` and `timeout`, a closed terminal. */
export const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export type EndingSignal = (typeof endingSignals)[number]

/** Where text goes. */
export interface TextSink {
  readonly isTerminal: boolean
  /** Size in characters; meaningful for terminals only. */
  readonly columns: number
  readonly rows: number
  write(text: string): void
  /** Why text could not be written, if it could not; a reader or terminal that has gone is no failure. */
  readonly failure: Error | undefined
  /** Calls back when nothing more can be written: the reader has gone (`ring3 … | head`), or the disk is full. */
  onClosed(listener: () => void): void
}

/** What the command line needs of the process it runs in. */
export interface Host {
  readonly stdout: TextSink
  readonly stderr: TextSink
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Calls back for each ending signal until disposed of; the signals then do not end the process. */
  onSignal(listener: (signal: EndingSignal) => void): Disposable
  /** Creates or empties a file and returns a sink for it. */
  openFile(path: string): TextSink & Disposable
  /** Why results could not be written, if so: to standard output or a file. */
  readonly failure: Error | undefined
  /** The text of a file, or of standard input for `-`. Throws when it cannot be read. */
  readText(path: string): string
}

/** The real process. */
export function nodeHost(): Host {
  const stdout = streamSink(process.stdout)
  const results: TextSink[] = [stdout]
  return {
    stdout,
    stderr: streamSink(process.stderr),
    environment: process.env,
    onSignal,
    openFile(path) {
      const file = openFile(path)
      results.push(file)
      return file
    },
    get failure() {
      return results.find(({ failure }) => failure !== undefined)?.failure
    },
    readText: (path) => readFileSync(path === '-' ? STDIN : path, 'utf8'),
  }
}

function onSignal(listener: (signal: EndingSignal) => void): Disposable {
  const handlers = endingSignals.map((signal) => ({ signal, handler: () => listener(signal) }))
  for (const { signal, handler } of handlers) process.on(signal, handler)
  return {
    [Symbol.dispose]() {
      for (const { signal, handler } of handlers) process.off(signal, handler)
    },
  }
}

/** What is told of when nothing more can be written. Thrown instead, it would end ring3 before it has detached. */
class Closing {
  readonly #listeners: (() => void)[] = []
  isClosed = false
  failure: Error | undefined

  close(error: NodeJS.ErrnoException): void {
    // EPIPE: the reader has gone. EIO: the terminal has. Neither is worth a message that nobody would see.
    if (error.code !== 'EPIPE' && error.code !== 'EIO') this.failure ??= error
    this.isClosed = true
    for (const listener of this.#listeners) listener()
  }

  onClosed(listener: () => void): void {
    this.#listeners.push(listener)
  }
}

function streamSink(stream: NodeJS.WriteStream): TextSink {
  const closing = new Closing()
  stream.on('error', (error: NodeJS.ErrnoException) => closing.close(error))
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns || 80
    },
    get rows() {
      return stream.rows || 24
    },
    write(text) {
      if (!closing.isClosed) stream.write(text)
    },
    get failure() {
      return closing.failure
    },
    onClosed: (listener) => closing.onClosed(listener),
  }
}

function openFile(path: string): TextSink & Disposable {
  const file = openSync(path, 'w')
  const closing = new Closing()
  return {
    isTerminal: false,
    columns: Number.POSITIVE_INFINITY,
    rows: Number.POSITIVE_INFINITY,
    write(text) {
      if (closing.isClosed) return
      try {
        writeAll(file, Buffer.from(text))
      } catch (error) {
        if (!isSystemError(error)) throw error
        closing.close(error)
      }
    },
    get failure() {
      return closing.failure
    },
    onClosed: (listener) => closing.onClosed(listener),
    [Symbol.dispose]: () => closeSync(file),
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}
