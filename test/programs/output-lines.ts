import type { Readable } from 'node:stream'

interface Waiter {
  readonly match: RegExp
  readonly resolve: (line: string) => void
  readonly reject: (error: Error) => void
}

/** The lines of a stream: all of them so far, and the next one that matches. Each line is handed out once. */
export class OutputLines {
  readonly all: string[] = []
  #unread: string[] = []
  #partial = ''
  #ended = false
  #waiters: Waiter[] = []

  constructor(
    stream: Readable,
    readonly name: string,
  ) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => this.#take(text))
    stream.on('close', () => this.#end())
    stream.on('error', () => this.#end())
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split('\n')
    this.#partial = lines.pop() ?? ''
    this.all.push(...lines)
    this.#unread.push(...lines)
    this.#serve()
  }

  #serve(): void {
    for (;;) {
      const waiter = this.#waiters[0]
      if (waiter === undefined) return
      const found = this.#unread.findIndex((line) => waiter.match.test(line))
      if (found < 0) return
      const line = this.#unread[found] ?? ''
      this.#unread = this.#unread.slice(found + 1)
      this.#waiters.shift()
      waiter.resolve(line)
    }
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const waiter of this.#waiters) waiter.reject(this.#failure(waiter.match, 'ended without'))
    this.#waiters = []
  }

  #failure(match: RegExp, what: string): Error {
    const seen = this.all.slice(-5).join(' | ')
    return new Error(`${this.name}: ${what} a line like ${match}; last lines: ${seen}`)
  }

  /** The next line that matches; lines before it are passed over. */
  next(match = /./, timeoutMs = 20_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        reject(this.#failure(match, `${timeoutMs} ms without`))
      }, timeoutMs)
      const waiter: Waiter = {
        match,
        resolve: (line) => {
          clearTimeout(timer)
          resolve(line)
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.#waiters.push(waiter)
      this.#serve()
      if (this.#ended && this.#waiters.includes(waiter)) {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        waiter.reject(this.#failure(match, 'ended without'))
      }
    })
  }
}
