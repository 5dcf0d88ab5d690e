// Selectors that mimic rules of cflint, as near as syntax alone comes to them; with BENCH_TYPES=1 also the
// rule of typescript-eslint that asks the types for promises which nobody waits for.
import tseslint from "typescript-eslint";

const types = process.env.BENCH_TYPES === "1";

const patterns = {
  "binding-floating-promise":
    "ExpressionStatement > CallExpression[callee.property.name=/^(put|delete|send)$/][callee.object.object.name='env']",
  "no-log-env": "CallExpression[callee.object.name='console'] > Identifier.arguments[name='env']",
  "ws-legacy-accept": "ClassBody CallExpression[callee.property.name='accept'][arguments.length=0]",
  "ws-event-listener-in-do": "ClassBody CallExpression[callee.property.name='addEventListener']",
  "sql-interpolation":
    "CallExpression[callee.property.name=/^(prepare|exec)$/] > TemplateLiteral.arguments[expressions.length>0]",
  "insecure-random":
    "VariableDeclarator[id.name=/token|secret|password|session|nonce|code/i] CallExpression[callee.object.name='Math'][callee.property.name='random']",
  "floating-promise": "ExpressionStatement > CallExpression[callee.name='fetch']",
  "do-constructor-missing-super":
    "ClassDeclaration[superClass.name=/^(DurableObject|WorkerEntrypoint|WorkflowEntrypoint)$/] MethodDefinition[kind='constructor']:not(:has(Super))",
  "ctx-destructured": "VariableDeclarator[init.name='ctx'] > ObjectPattern > Property[key.name='waitUntil']",
  "kv-get-json":
    "CallExpression[callee.object.name='JSON'][callee.property.name='parse'] > AwaitExpression > CallExpression[callee.property.name='get'][arguments.length=1]",
  "queue-foreach-async":
    "CallExpression[callee.property.name='forEach'][callee.object.property.name='messages'] > ArrowFunctionExpression[async=true]",
  "response-null-body-status":
    "NewExpression[callee.name='Response']:not([arguments.0.raw='null']) > ObjectExpression > Property[key.name='status'][value.raw=/^(204|205|304)$/]",
  "ws-close-code": "CallExpression[callee.property.name='close'][arguments.0.raw=/^(1005|1006|1015)$/]",
  "immutable-headers":
    "CallExpression[callee.property.name=/^(set|append|delete)$/][callee.object.property.name='headers'][callee.object.object.name='request']",
  "alarm-floating-set": "ExpressionStatement > CallExpression[callee.property.name='setAlarm']",
  "error-detail-leak": "NewExpression[callee.name='Response'][arguments.0.property.name=/^(message|stack)$/]",
  "fetch-relative-url": "CallExpression[callee.name='fetch'][arguments.0.value=/^\\u002F/]",
  "hyperdrive-global-client": "Program > VariableDeclaration NewExpression[callee.name=/^(Client|Pool)$/]",
};

export default tseslint.config(
  { ignores: ["**/*.d.ts", "**/node_modules/**"] },
  {
    files: ["**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}"],
    plugins: { "@typescript-eslint": tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: {
        ecmaFeatures: { jsx: true },
        ...(types ? { projectService: true, tsconfigRootDir: process.cwd() } : {}),
      },
    },
    rules: {
      "no-restricted-syntax": [
        "error",
        ...Object.entries(patterns).map(([message, selector]) => ({ message, selector })),
      ],
      ...(types ? { "@typescript-eslint/no-floating-promises": "error" } : {}),
    },
  },
);
