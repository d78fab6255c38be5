import type { Diagnostics } from '../diagnostic.js'
import type {
  CallNode,
  ExpressionNode,
  IdentifierNode,
  MacroNode,
  MapNode,
  ProbeNode,
  ProgramNode,
  VariableNode,
} from '../syntax/ast.js'
import { mapBlock, mapExpression, mapStatement, type Replacement } from '../syntax/map-children.js'

/** Nodes that expansion may make: a few macros that call one another twice can make more than memory holds. */
const MAX_EXPANSIONS = 1000

/** Far from what the stack of JavaScript holds. */
const MAX_DEPTH = 600

/** Puts the bodies of macros in the place of their calls. Variables of a body get names of their own (`$x` → `$macro#1:x`). */
export function expandMacros(program: ProgramNode, diagnostics: Diagnostics): ProgramNode {
  const expander = new Expander(collectMacros(program.macros, diagnostics), diagnostics)
  return { ...program, probes: program.probes.map((probe) => expander.probe(probe)) }
}

function collectMacros(nodes: readonly MacroNode[], diagnostics: Diagnostics): Map<string, MacroNode> {
  const macros = new Map<string, MacroNode>()
  for (const node of nodes) {
    if (macros.has(node.name)) diagnostics.error(node.span, `Redefinition of macro: ${node.name}`)
    macros.set(node.name, node)
  }
  return macros
}

class Expander {
  #expansions = 0
  #depth = 0
  readonly #open: string[] = []

  constructor(
    readonly macros: ReadonlyMap<string, MacroNode>,
    readonly diagnostics: Diagnostics,
  ) {}

  probe(probe: ProbeNode): ProbeNode {
    const by = this.#outside()
    return {
      ...probe,
      predicate: probe.predicate && by.expression(probe.predicate),
      body: probe.body.map((statement) => by.statement(statement)),
    }
  }

  #deeper(node: ExpressionNode, expand: () => ExpressionNode): ExpressionNode {
    if (this.#depth >= MAX_DEPTH) {
      this.diagnostics.error(node.span, `nested more than ${MAX_DEPTH} levels deep`)
      return { kind: 'invalid', span: node.span }
    }
    this.#depth++
    const expanded = expand()
    this.#depth--
    return expanded
  }

  /** Replaces calls of macros, and nothing else. */
  #outside(): Replacement {
    const by: Replacement = {
      expression: (node) => this.#deeper(node, () => this.#expandCall(node, by) ?? mapExpression(node, by)),
      statement: (node) => mapStatement(node, by),
      target: (node) => (node.kind === 'map' ? targetMap(mapExpression(node, by), node) : node),
    }
    return by
  }

  #expandCall(node: ExpressionNode, caller: Replacement): ExpressionNode | undefined {
    if (node.kind !== 'call' && node.kind !== 'identifier') return undefined
    const macro = this.macros.get(node.name)
    if (macro === undefined) return undefined
    return this.#expand(macro, node, caller)
  }

  #expand(macro: MacroNode, call: CallNode | IdentifierNode, caller: Replacement): ExpressionNode {
    const values = call.kind === 'call' ? call.arguments : []
    const problem = this.#problem(macro, values)
    if (problem !== undefined) {
      this.diagnostics.error(call.span, problem)
      return { kind: 'invalid', span: call.span }
    }
    const bound = new Map(macro.parameters.map((name, at) => [name, this.#argument(name, values[at], call, caller)]))
    this.#open.push(macro.name)
    const body = mapBlock(macro.body, this.#inside(macro, bound, `$${macro.name}#${++this.#expansions}:`))
    this.#open.pop()
    return { ...body, span: call.span }
  }

  #problem(macro: MacroNode, values: readonly ExpressionNode[]): string | undefined {
    if (values.length !== macro.parameters.length)
      return `Call to macro has wrong number of arguments: ${macro.name} expects ${macro.parameters.length}, got ${values.length}`
    if (this.#open.includes(macro.name)) return `Recursive call to macro: ${[...this.#open, macro.name].join(' > ')}`
    return this.#expansions >= MAX_EXPANSIONS ? `more than ${MAX_EXPANSIONS} calls of macros` : undefined
  }

  #argument(
    parameter: string,
    value: ExpressionNode | undefined,
    call: ExpressionNode,
    caller: Replacement,
  ): ExpressionNode {
    const given = caller.expression(value ?? { kind: 'invalid', span: call.span })
    if (parameter.startsWith('$') && given.kind !== 'variable')
      this.diagnostics.error(given.span, `the macro expects a scratch variable for ${parameter}`)
    if (parameter.startsWith('@') && (given.kind !== 'map' || given.key !== undefined))
      this.diagnostics.error(given.span, `the macro expects a map for ${parameter}`)
    return given
  }

  /** Replaces the parameters in a body, and renames its own variables. */
  #inside(macro: MacroNode, bound: ReadonlyMap<string, ExpressionNode>, prefix: string): Replacement {
    const rename = (node: VariableNode): ExpressionNode =>
      bound.get(node.name) ?? { ...node, name: prefix + node.name.slice(1) }
    const by: Replacement = {
      expression: (node) => {
        if (node.kind === 'variable') return rename(node)
        if (node.kind === 'map') return this.#boundMap(macro, node, bound, by)
        if (node.kind === 'identifier' && bound.has(node.name)) return bound.get(node.name) ?? node
        return this.#deeper(node, () => this.#expandCall(node, by) ?? mapExpression(node, by))
      },
      statement: (node) => mapStatement(node, by),
      target: (node) => {
        const replaced = node.kind === 'variable' ? rename(node) : this.#boundMap(macro, node, bound, by)
        return replaced.kind === 'variable' || replaced.kind === 'map' ? replaced : node
      },
    }
    return by
  }

  #boundMap(
    macro: MacroNode,
    node: MapNode,
    bound: ReadonlyMap<string, ExpressionNode>,
    by: Replacement,
  ): ExpressionNode {
    const given = bound.get(node.name)
    const mapped = targetMap(mapExpression(node, by), node)
    if (given?.kind === 'map') return { ...mapped, name: given.name }
    this.diagnostics.error(
      node.span,
      `Unhygienic access to map: ${node.name}. Maps must be passed into the macro as arguments`,
      `macro ${macro.name}(${[...macro.parameters, node.name].join(', ')})`,
    )
    return { kind: 'invalid', span: node.span }
  }
}

function targetMap(mapped: ExpressionNode, otherwise: MapNode): MapNode {
  return mapped.kind === 'map' ? mapped : otherwise
}
