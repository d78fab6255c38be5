import { unreachable } from '../../bytes/assert.js'
import type { BlockNode, ExpressionNode, MapNode, StatementNode, TypeName, VariableNode } from './ast.js'

/** How to replace the parts of a node. A variable or map that is assigned to stays one. */
export interface Replacement {
  expression(node: ExpressionNode): ExpressionNode
  statement(node: StatementNode): StatementNode
  target(node: VariableNode | MapNode): VariableNode | MapNode
}

/** A copy of an expression with its direct parts replaced. */
export function mapExpression(node: ExpressionNode, by: Replacement): ExpressionNode {
  const each = (child: ExpressionNode): ExpressionNode => by.expression(child)
  switch (node.kind) {
    case 'integer':
    case 'string':
    case 'boolean':
    case 'identifier':
    case 'variable':
    case 'parameter':
    case 'invalid':
      return node
    case 'map':
      return node.key === undefined ? node : { ...node, key: each(node.key) }
    case 'call':
      return { ...node, arguments: node.arguments.map(each) }
    case 'unary':
      return { ...node, operand: each(node.operand) }
    case 'increment':
      return { ...node, target: by.target(node.target) }
    case 'binary':
      return { ...node, left: each(node.left), right: each(node.right) }
    case 'ternary':
      return {
        ...node,
        condition: each(node.condition),
        consequent: each(node.consequent),
        alternative: each(node.alternative),
      }
    case 'cast':
      return { ...node, value: each(node.value) }
    case 'member':
      return { ...node, record: each(node.record) }
    case 'tuple-member':
      return { ...node, tuple: each(node.tuple) }
    case 'element':
      return { ...node, array: each(node.array), index: each(node.index) }
    case 'tuple':
      return { ...node, elements: node.elements.map(each) }
    case 'sizeof':
    case 'offsetof':
      return { ...node, of: isTypeName(node.of) ? node.of : each(node.of) }
    case 'block':
      return mapBlock(node, by)
    default:
      return unreachable(node)
  }
}

export function isTypeName(node: TypeName | ExpressionNode): node is TypeName {
  return node.kind === 'type-name'
}

export function mapBlock(node: BlockNode, by: Replacement): BlockNode {
  const statements = node.statements.map((statement) => by.statement(statement))
  return { ...node, statements, result: node.result === undefined ? undefined : by.expression(node.result) }
}

/** A copy of a statement with its direct parts replaced. */
export function mapStatement(node: StatementNode, by: Replacement): StatementNode {
  const all = (body: readonly StatementNode[]): StatementNode[] => body.map((statement) => by.statement(statement))
  const variable = (child: VariableNode): VariableNode => {
    const replaced = by.target(child)
    return replaced.kind === 'variable' ? replaced : child
  }
  switch (node.kind) {
    case 'expression':
    case 'discard':
      return { ...node, value: by.expression(node.value) }
    case 'assign':
      return { ...node, target: by.target(node.target), value: by.expression(node.value) }
    case 'declare':
      return {
        ...node,
        variable: variable(node.variable),
        value: node.value === undefined ? undefined : by.expression(node.value),
      }
    case 'if':
      return {
        ...node,
        condition: by.expression(node.condition),
        consequent: all(node.consequent),
        alternative: all(node.alternative),
      }
    case 'while':
      return { ...node, condition: by.expression(node.condition), body: all(node.body) }
    case 'for-map': {
      const map = by.target(node.map)
      return {
        ...node,
        variable: variable(node.variable),
        map: map.kind === 'map' ? map : node.map,
        body: all(node.body),
      }
    }
    case 'for-range':
      return {
        ...node,
        variable: variable(node.variable),
        from: by.expression(node.from),
        to: by.expression(node.to),
        body: all(node.body),
      }
    case 'unroll':
      return { ...node, count: by.expression(node.count), body: all(node.body) }
    case 'jump':
      return node
    case 'return':
      return { ...node, value: node.value === undefined ? undefined : by.expression(node.value) }
    default:
      return unreachable(node)
  }
}
