import { demangle } from '../symbols/demangle.js'

/** A site as people know it: `app:ns::f(int)+4` for `app:_ZN2ns1fEi+4`. Such names work as patterns, too. */
export function siteName(site: string): string {
  const [, module, symbol, offset = ''] = /^([^:]*:)(_+[ZR].*?)(\+\d+)?$/.exec(site) ?? []
  return module === undefined || symbol === undefined ? site : `${module}${demangle(symbol)}${offset}`
}
