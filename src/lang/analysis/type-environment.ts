import { joinTypes, type OpenType, sameType } from './join-types.js'

/** What is known about a map. `keyed` is how the script uses it first. */
export interface MapFacts {
  readonly name: string
  keyed: boolean | undefined
  key: OpenType | undefined
  value: OpenType | undefined
}

/**
 * The types of maps and variables as far as they are known. The script is walked until a walk learns nothing new; every walk sees
 * what the ones before it have found.
 */
export class TypeEnvironment {
  readonly maps = new Map<string, MapFacts>()
  readonly #variables = new Map<string, OpenType>()
  #changed = false

  /** Whether something was learned since the last call. */
  takeChanged(): boolean {
    const changed = this.#changed
    this.#changed = false
    return changed
  }

  map(name: string): MapFacts {
    const known = this.maps.get(name)
    if (known !== undefined) return known
    const facts: MapFacts = { name, keyed: undefined, key: undefined, value: undefined }
    this.maps.set(name, facts)
    this.#changed = true
    return facts
  }

  variable(id: string): OpenType | undefined {
    return this.#variables.get(id)
  }

  /** Takes a type into a variable. False if it does not go with what is there. */
  joinVariable(id: string, type: OpenType): boolean {
    const joined = this.#join(this.#variables.get(id), type)
    if (joined !== undefined) this.#variables.set(id, joined)
    return joined !== undefined
  }

  joinMapKey(facts: MapFacts, type: OpenType): boolean {
    const joined = this.#join(facts.key, type)
    if (joined !== undefined) facts.key = joined
    return joined !== undefined
  }

  joinMapValue(facts: MapFacts, type: OpenType): boolean {
    const joined = this.#join(facts.value, type)
    if (joined !== undefined) facts.value = joined
    return joined !== undefined
  }

  #join(known: OpenType | undefined, type: OpenType): OpenType | undefined {
    const joined = known === undefined ? type : joinTypes(known, type)
    if (joined === undefined) return undefined
    const isNews = known === undefined || !sameType(known.type, joined.type) || !sameLiteral(known, joined)
    if (isNews) this.#changed = true
    return joined
  }
}

function sameLiteral(a: OpenType, b: OpenType): boolean {
  return a.literal?.bits === b.literal?.bits && a.literal?.negative === b.literal?.negative
}
