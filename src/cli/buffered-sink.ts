/** `-B`: when what a script says is written. `none` and `line` are the same here: each record is written when it comes. */
export const bufferModes = ['line', 'full', 'none'] as const

export type BufferMode = (typeof bufferModes)[number]

/** Takes text. */
export interface Writer {
  write(text: string): void
}

/** As much as stdio keeps. */
const BUFFER_SIZE = 4096

/** With `full`, text is kept until there is some, or the end. */
export function bufferedSink(sink: Writer, mode: BufferMode): Writer & Disposable {
  let kept = ''
  const flush = (): void => {
    if (kept !== '') sink.write(kept)
    kept = ''
  }
  return {
    write(text) {
      kept += text
      if (mode !== 'full' || kept.length >= BUFFER_SIZE) flush()
    },
    [Symbol.dispose]: flush,
  }
}
