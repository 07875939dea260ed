// Makes mutants of a package's sources: small faults, nearly all of which the package's tests should detect. Error
// messages are not changed, because tests assert codes; mutants that do not compile are not used.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

const { SyntaxKind } = ts

/** The replacements for each TypeScript operator. */
const operators = new Map([
  [SyntaxKind.LessThanToken, ['<=', '>=']],
  [SyntaxKind.LessThanEqualsToken, ['<', '>']],
  [SyntaxKind.GreaterThanToken, ['>=', '<=']],
  [SyntaxKind.GreaterThanEqualsToken, ['>', '<']],
  [SyntaxKind.EqualsEqualsEqualsToken, ['!==']],
  [SyntaxKind.ExclamationEqualsEqualsToken, ['===']],
  [SyntaxKind.AmpersandAmpersandToken, ['||']],
  [SyntaxKind.BarBarToken, ['&&']],
  [SyntaxKind.QuestionQuestionToken, ['&&']],
  [SyntaxKind.PlusToken, ['-']],
  [SyntaxKind.MinusToken, ['+']],
  [SyntaxKind.AsteriskToken, ['/']],
  [SyntaxKind.SlashToken, ['*']],
  [SyntaxKind.PercentToken, ['*']],
  [SyntaxKind.PlusEqualsToken, ['-=']],
  [SyntaxKind.MinusEqualsToken, ['+=']],
  [SyntaxKind.QuestionQuestionEqualsToken, ['=', '&&=']],
])

/** The replacements in Lua scripts and SQL statements. */
const embedded = {
  lua: [
    [/ == /g, ' ~= '],
    [/ ~= /g, ' == '],
    [/ < /g, ' <= '],
    [/ <= /g, ' < '],
    [/ > /g, ' >= '],
    [/ >= /g, ' > '],
    [/ and /g, ' or '],
    [/ or /g, ' and '],
    [/ \+ /g, ' - '],
    [/ - /g, ' + '],
    [/\bnot /g, ''],
    [/\btrue\b/g, 'false'],
    [/\bfalse\b/g, 'true'],
    [/(?<=\bif ).+?(?= then)/g, 'true'],
    [/(?<=\bif ).+?(?= then)/g, 'false'],
    // A statement on its own line: a call, an assignment to an existing variable, a one-line `if`.
    [/^ *(?! |local )(?:[\w.]+\(.*\)|(?!local |if )[\w.,[\]#+ ]+ = .*|if .* then .* end)$/gm, ''],
  ],
  sql: [
    [/ < /g, ' <= '],
    [/ <= /g, ' < '],
    [/ > /g, ' >= '],
    [/ >= /g, ' > '],
    [/ = /g, ' <> '],
    [/ AND /g, ' OR '],
    [/ OR /g, ' AND '],
    [/ IS NULL\b/g, ' IS NOT NULL'],
    [/ ORDER BY [^)`']+/g, ' '],
    [/ WHERE [^)`']+/g, ' '],
    [/ ON CONFLICT .+/g, ' '],
  ],
}

/**
 * Lists every mutant of a package in the order of its sources, including those that do not compile.
 *
 * @param root - the folder of the checkout
 * @returns for each, the file, the range and its replacement; `id` is "file:line:column change"
 */
export function mutantsOf(root, name) {
  const folder = join(root, 'packages', name, 'src')
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.ts'))
  return files.sort().flatMap((file) => mutantsIn(root, join(folder, file)))
}

function mutantsIn(root, file) {
  const text = readFileSync(file, 'utf8')
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const mutants = new Map()
  const add = (from, to, replacement) => {
    if (text.slice(from, to) === replacement) return
    const { line, character } = source.getLineAndCharacterOfPosition(from)
    const what = `${inWords(text.slice(from, to))} → ${inWords(replacement)}`
    const id = `${relative(join(root, 'packages'), file)}:${line + 1}:${character + 1} ${what}`
    mutants.set(`${from} ${to} ${replacement}`, { id, file: relative(root, file), from, to, replacement })
  }
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || isMessage(node)) return
    change(node, add)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return [...mutants.values()]
}

/** Adds the mutants of one node, without those of its children. */
function change(node, add) {
  const replace = (part, replacement) => add(part.getStart(), part.end, replacement)
  if (ts.isBinaryExpression(node)) {
    for (const operator of operators.get(node.operatorToken.kind) ?? []) replace(node.operatorToken, operator)
  } else if (ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken) {
    replace(node, node.operand.getText())
  } else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    const text = node.getText()
    if (text.includes('++')) replace(node, text.replace('++', '--'))
    else if (text.includes('--')) replace(node, text.replace('--', '++'))
  } else if (ts.isExpressionStatement(node) || ts.isThrowStatement(node)) {
    if (!isSuperCall(node)) replace(node, ';')
  } else if (ts.isContinueStatement(node) || ts.isBreakStatement(node) || isEarlyReturn(node)) {
    replace(node, ';')
  } else if (ts.isBlock(node) && node.statements.length > 1) {
    replace(node, '{}')
  } else if (node.kind === SyntaxKind.TrueKeyword) replace(node, 'false')
  else if (node.kind === SyntaxKind.FalseKeyword) replace(node, 'true')
  else if (ts.isStringLiteralLike(node) && node.text !== '' && !isSentence(node.text)) {
    replace(node, "''")
  } else if (ts.isArrayLiteralExpression(node) && node.elements.length > 0) replace(node, '[]')
  const condition = conditionOf(node)
  if (condition !== undefined) {
    replace(condition, 'true')
    replace(condition, 'false')
  }
  if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)) changeEmbedded(node, add)
}

function conditionOf(node) {
  if (ts.isForStatement(node) || ts.isConditionalExpression(node)) return node.condition
  return ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node)
    ? node.expression
    : undefined
}

/** A return without a value does something only if something follows it. */
function isEarlyReturn(node) {
  return ts.isReturnStatement(node) && node.expression === undefined
}

function isSuperCall(node) {
  return ts.isCallExpression(node.expression) && node.expression.expression.kind === SyntaxKind.SuperKeyword
}

/** Whether it is for people, or a whole statement of another language. */
function isSentence(text) {
  return /\w \w.* \w/s.test(text)
}

/** Whether a node is the text of an error message. */
function isMessage(node) {
  if (!(ts.isStringLiteralLike(node) || ts.isTemplateExpression(node))) return false
  const { parent } = node
  if (ts.isNewExpression(parent))
    return /Error$/.test(parent.expression.getText()) && /\s/.test(node.getText())
  return ts.isCallExpression(parent) && parent.expression.getText() === 'redis.error_reply'
}

function changeEmbedded(node, add) {
  const start = node.getStart()
  const text = node.getText()
  const rules = /\blocal |\bthen\b|\bend\b\n/.test(text)
    ? embedded.lua
    : /\b(?:SELECT|INSERT|UPDATE|DELETE|WHERE)\b/.test(text) && embedded.sql
  for (const [pattern, replacement] of rules || []) {
    for (const { 0: found, index } of text.matchAll(pattern)) {
      const line = text.slice(text.lastIndexOf('\n', index) + 1, index)
      if (line.includes('--')) continue
      add(start + index, start + index + found.length, replacement)
    }
  }
}

function inWords(text) {
  const line = text.replace(/\s+/g, ' ').trim()
  return `\`${line.length > 60 ? `${line.slice(0, 57)}…` : line}\``
}

/** Returns a function that says whether a mutant compiles; unused names and unreachable statements are allowed. */
export function compilerOf(root, name) {
  const path = join(root, 'packages', name, 'tsconfig.json')
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path, ts.sys.readFile).config,
    ts.sys,
    dirname(path),
    {
      composite: false,
      emitDeclarationOnly: false,
      noEmit: true,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noImplicitReturns: false,
      noFallthroughCasesInSwitch: false,
      allowUnreachableCode: true,
    },
    path,
  )
  let changed = { file: '', text: '', version: 0 }
  const textOf = (file) => (file === changed.file ? changed.text : ts.sys.readFile(file))
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => fileNames,
    getScriptVersion: (file) => (file === changed.file ? String(changed.version) : '0'),
    getScriptSnapshot: (file) => {
      const text = textOf(file)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: textOf,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  })
  return (mutant) => {
    const file = join(root, mutant.file)
    changed = { file, text: mutated(readFileSync(file, 'utf8'), mutant), version: changed.version + 1 }
    return service.getSyntacticDiagnostics(file).length + service.getSemanticDiagnostics(file).length === 0
  }
}

/** The source text with the fault of a mutant. */
export function mutated(text, { from, to, replacement }) {
  return text.slice(0, from) + replacement + text.slice(to)
}
