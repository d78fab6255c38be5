import type { Handler, MapDeclaration, PlacedProbe, Program } from '../../ir/program.js'
import { int64 } from '../../ir/value-type.js'
import type { CompileOptions } from '../compile-options.js'
import { Diagnostics } from '../diagnostic.js'
import { parseAttachPoint } from '../probes/parse-attach-point.js'
import { isProblem } from '../probes/probe-type.js'
import type { SourceText } from '../source-text.js'
import type { EnumNode, MapDeclarationNode, ProbeNode, ProgramNode } from '../syntax/ast.js'
import { HandlerContext } from './handler-context.js'
import { lowerExpression } from './lower-expression.js'
import { lowerStatements } from './lower-statement.js'
import type { ProgramTables } from './program-tables.js'
import { readConfig } from './read-config.js'
import { layOutRecords } from './record-layouts.js'
import { TypeEnvironment } from './type-environment.js'

/** Types only ever get wider, so walks come to an end long before this. */
const MAX_WALKS = 50

/**
 * Types, checks and lowers a script in one walk over its tree, and walks again until nothing new is learned about the types of maps
 * and variables: a map may be read above the place that says what it holds. The last walk's program and messages count.
 */
export function analyseProgram(
  node: ProgramNode,
  source: SourceText,
  options: CompileOptions,
  diagnostics: Diagnostics,
): Program {
  const shared = sharedTables(node, options, diagnostics)
  const probes = node.probes.map((probe) => requestedProbes(probe, diagnostics))
  if (node.probes.length === 0 && !diagnostics.hasErrors)
    diagnostics.error({ start: 0, end: 0 }, 'there is no probe in the program', 'BEGIN { … }, uprobe:libc:malloc { … }')
  const environment = new TypeEnvironment()
  for (let walk = 0; walk < MAX_WALKS; walk++) {
    const tables: ProgramTables = { ...shared, events: [] }
    const found = new Diagnostics()
    const handlers = node.probes.map((probe, index) =>
      lowerProbe(
        probe,
        new HandlerContext(
          index,
          probes[index] ?? [],
          probe.attachPoints[0]?.span ?? probe.span,
          environment,
          tables,
          found,
          source,
          options,
        ),
      ),
    )
    if (environment.takeChanged() && walk < MAX_WALKS - 1) continue
    found.copyTo(diagnostics)
    const maps = declaredMaps(tables, environment, node.maps, diagnostics)
    return {
      handlers,
      maps,
      events: tables.events,
      records: tables.records,
      enums: tables.enums,
      config: tables.config,
    }
  }
  throw new RangeError('unreachable: the last walk returns')
}

function sharedTables(node: ProgramNode, options: CompileOptions, diagnostics: Diagnostics): ProgramTables {
  const enums = new Map(node.enums.map((entry) => [entry.name, namesByValue(entry)]))
  return {
    config: readConfig(node.config, options.settings, diagnostics),
    records: layOutRecords(node.records, enums, diagnostics),
    enums,
    enumMembers: new Map(
      node.enums.flatMap(({ name, members }) =>
        members.map((member) => [member.name, { enumName: name, value: member.value }] as const),
      ),
    ),
    events: [],
    mapNames: [],
  }
}

function namesByValue({ members }: EnumNode): ReadonlyMap<bigint, string> {
  return new Map(members.map(({ name, value }) => [value, name]))
}

function requestedProbes(probe: ProbeNode, diagnostics: Diagnostics): PlacedProbe[] {
  return probe.attachPoints.flatMap((point) => {
    const parsed = parseAttachPoint(point)
    if (!isProblem(parsed)) return [{ ...parsed, span: point.span }]
    diagnostics.error(point.span, parsed.problem, parsed.instead)
    return []
  })
}

function lowerProbe(probe: ProbeNode, context: HandlerContext): Handler {
  const { builder } = context
  const { statements: body } = builder.collect(() => {
    if (probe.predicate !== undefined) {
      const condition = context.condition(lowerExpression(probe.predicate, context), probe.predicate.span)
      builder.emit({ op: 'if', condition, consequent: [], alternative: [{ op: 'return' }] })
    }
    lowerStatements(probe.body, context)
  })
  return { probes: context.probes, locals: builder.locals, body }
}

const mapTypes = new Set(['hash', 'percpuhash', 'percpuarray', 'array'])

function declaredMaps(
  tables: ProgramTables,
  { maps }: TypeEnvironment,
  declarations: readonly MapDeclarationNode[],
  diagnostics: Diagnostics,
): MapDeclaration[] {
  for (const { name, type, span } of declarations) {
    if (!mapTypes.has(type))
      diagnostics.error(
        span,
        type.startsWith('lru') || type === 'percpulruhash'
          ? `maps that forget their oldest entries (${type}) are not there`
          : `Invalid bpf map type: ${type}`,
        `let ${name} = hash(100);`,
      )
    if (!maps.has(name)) diagnostics.warning(span, `Unused map: ${name}`)
  }
  return tables.mapNames.map((name) => {
    const facts = maps.get(name)
    const declared = declarations.find((declaration) => declaration.name === name)
    return {
      name,
      key: facts?.keyed ? (facts.key?.type ?? int64) : undefined,
      value: facts?.value?.type ?? int64,
      maxKeys: declared === undefined ? tables.config.maxMapKeys : Number(declared.size),
    }
  })
}
