import koffi from 'koffi'

/** strerror(3): what the C library calls an error number. */
export function errorText(number: number): string {
  const text: unknown = koffi.load(null).func('const char *strerror(int number)')(number)
  return typeof text === 'string' ? text : `Unknown error ${number}`
}
