// Rules that mimic those of cflint, as near as syntax alone comes to them, as a plugin for oxlint.

const SECRET = /token|secret|password|session|nonce|code/i;
const PLATFORM = /^(DurableObject|WorkerEntrypoint|WorkflowEntrypoint)$/;

const method = (node) => (node.callee.type === "MemberExpression" ? node.callee.property.name : undefined);
const receiver = (node) => (node.callee.type === "MemberExpression" ? node.callee.object : undefined);
const isStatement = (node) => node.parent.type === "ExpressionStatement";

function within(node, types) {
  for (let outer = node.parent; outer; outer = outer.parent) if (types.has(outer.type)) return outer;
  return undefined;
}

const CLASS = new Set(["ClassBody"]);
const DECLARATOR = new Set(["VariableDeclarator"]);
const FUNCTION = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression", "ClassBody"]);

const calls = (test) => (report) => ({ CallExpression: (node) => test(node) && report(node) });
const news = (test) => (report) => ({ NewExpression: (node) => test(node) && report(node) });

const rules = {
  "binding-floating-promise": calls(
    (node) =>
      isStatement(node) &&
      /^(put|delete|send)$/.test(method(node)) &&
      receiver(node).type === "MemberExpression" &&
      receiver(node).object.name === "env",
  ),
  "no-log-env": calls(
    (node) => receiver(node)?.name === "console" && node.arguments.some((given) => given.name === "env"),
  ),
  "ws-legacy-accept": calls(
    (node) => method(node) === "accept" && node.arguments.length === 0 && within(node, CLASS),
  ),
  "ws-event-listener-in-do": calls((node) => method(node) === "addEventListener" && within(node, CLASS)),
  "sql-interpolation": calls(
    (node) => /^(prepare|exec)$/.test(method(node)) && node.arguments[0]?.expressions?.length > 0,
  ),
  "insecure-random": calls(
    (node) =>
      method(node) === "random" &&
      receiver(node).name === "Math" &&
      SECRET.test(within(node, DECLARATOR)?.id.name ?? ""),
  ),
  "floating-promise": calls((node) => isStatement(node) && node.callee.name === "fetch"),
  "do-constructor-missing-super": (report) => ({
    ClassDeclaration(node) {
      if (!PLATFORM.test(node.superClass?.name ?? "")) return;
      for (const member of node.body.body) {
        const statements = member.kind === "constructor" && member.value.body?.body;
        if (statements && !statements.some((one) => one.expression?.callee?.type === "Super")) report(member);
      }
    },
  }),
  "ctx-destructured": (report) => ({
    VariableDeclarator(node) {
      if (node.init?.name !== "ctx" || node.id.type !== "ObjectPattern") return;
      if (node.id.properties.some((property) => property.key?.name === "waitUntil")) report(node);
    },
  }),
  "kv-get-json": calls(
    (node) =>
      method(node) === "parse" &&
      receiver(node).name === "JSON" &&
      node.arguments[0]?.type === "AwaitExpression" &&
      node.arguments[0].argument.type === "CallExpression" &&
      method(node.arguments[0].argument) === "get",
  ),
  "queue-foreach-async": calls(
    (node) =>
      method(node) === "forEach" && receiver(node).property?.name === "messages" && node.arguments[0]?.async,
  ),
  "response-null-body-status": news(
    (node) =>
      node.callee.name === "Response" &&
      node.arguments[0]?.raw !== "null" &&
      node.arguments[1]?.properties?.some(
        (property) => property.key?.name === "status" && [204, 205, 304].includes(property.value.value),
      ),
  ),
  "ws-close-code": calls(
    (node) => method(node) === "close" && [1005, 1006, 1015].includes(node.arguments[0]?.value),
  ),
  "immutable-headers": calls(
    (node) =>
      /^(set|append|delete)$/.test(method(node)) &&
      receiver(node).property?.name === "headers" &&
      receiver(node).object.name === "request",
  ),
  "alarm-floating-set": calls((node) => isStatement(node) && method(node) === "setAlarm"),
  "error-detail-leak": news(
    (node) => node.callee.name === "Response" && /^(message|stack)$/.test(node.arguments[0]?.property?.name),
  ),
  "fetch-relative-url": calls(
    (node) => node.callee.name === "fetch" && /^\//.test(node.arguments[0]?.value ?? ""),
  ),
  "hyperdrive-global-client": news(
    (node) => /^(Client|Pool)$/.test(node.callee.name ?? "") && !within(node, FUNCTION),
  ),
};

export default {
  meta: { name: "workers" },
  rules: Object.fromEntries(
    Object.entries(rules).map(([message, visitor]) => [
      message,
      { create: (context) => visitor((node) => context.report({ message, node })) },
    ]),
  ),
};
