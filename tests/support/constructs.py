"""Code that TypeScript takes and the grammar does not know: one for each construct, and code around it."""

from __future__ import annotations

STATEMENTS = {
    "a decimal after ?": "let a = b ?.5 : 1, c = d?.01*e:f",
    "arguments that are an imported type": 'const a = await f<typeof import("x")>("x")',
    "arguments of a call in an object": 'let a = { ...(await f<typeof import("x")>()), b: 1 }',
    "arguments on lines of their own": 'let a = f<\n  typeof import(\n    "x"\n  )\n>()',
    "a member of an imported type": 'let a = f<import("x").B, C>(d), e = g<import("y").H>()',
    "an imported type of a mode": 'type A = import("x", { with: { "resolution-mode": "import" } }).B[]',
    "an imported type in parentheses": 'type A = (import("x").B)[]',
    "a phase of an import": 'const a = import.defer("x")',
    "static of an index": "class A { static [key: string]: any }",
    "static readonly of an index": "class A { static readonly [key: string]: any }",
    "accessors": "class A { static accessor a = 1; private accessor b: C; accessor #d; accessor [e] = 2 }",
    "an abstract accessor": "abstract class A { abstract accessor a: number }",
    "labels that are keywords": "type A = [string: B, new: C, ...object: D[]]",
    "parameters that are types": "let a: (string) => void, b: (any) => C",
    "keyof readonly": "type A = { [K in keyof readonly any[]]?: K }",
    "an optional member of a mapped type": "type A = { [K in B]? : C } & { -readonly [K in D]-? : E }",
    "a type that is called type": "type A<type> = (type extends B ? C : D) & { [type in keyof E]: F }",
    "a comment behind ?": "const f = (a? /* b */ : C, d? /* e */) => a",
    "less than a negative number": "f(a > -1 && b < -2, `c`); f(d > -3 && e < -4)",
    "type arguments of a tag in parentheses": "let a = b<(typeof c.$d)[]>`e ${f}`, g = h.i<(J | K)[], L>`m`",
    "a function as type argument of a tag": "let a = b<() => (c: D<(E)[]>) => F>`g`, h = i()<(j: J) => K>`l`",
    "an object as type argument of a tag": (
        "let a = b<{\n  c(d: E): F; // >\n  'g)': (H | I)[]\n  new (j): K\n}>`l`"
    ),
    "a condition as type argument of a tag": "let a = b<C extends (infer D)[] ? keyof (D) : E>`f`",
    "a template as type argument of a tag": "let a = b<`c${D}`[]>`e`",
    "type arguments behind an index": "let a = b[0]<C>`d`, e = f!<(G)[]>`h`",
    "type arguments in parentheses behind await": "let a = async () => await b.c<(D | E)[]>(f)",
    "parentheses before ?.(": "let a = b<(C | D)[]>?.(e), f = g<(h: I) => J>?.(k)",
    "type arguments before ?.": "let a = b<C>?.(d), e = f.g<H>?.(i)",
    "type arguments of a generic function": "let a = b<<C>(d: C) => E>(f)",
    "new of new": "let a = new new B()()",
    "a class expression with a decorator": "const a = @b() class C {}, d = @e.f class {}",
    "variance behind a comment": "interface A<\n  // one\n  in B,\n  /** two */\n  out C = D\n> { e: C }",
    "escapes in a type": "type A = `b\\n${C}\\t`",
    "a template behind an arrow": "const f = async (): Promise<string> => `a`",
    "a cast in a pattern": "[a as B, c!] = d",
    "parentheses in a pattern": "({ a: (b), c: [(d.e)] } = f)",
    "a loop over a resource": "for (using a of b) {}\nfor await (await using c of d) {}",
    "a call signature on a line": "interface A { a: B\n  <C = D<E>>(f: C): G\n}",
}
"""What can stand in a block."""

DECLARATIONS = {
    "attributes of exports": (
        'export { a } from "b" with { type: "json" }\nexport * from "c" with { type: "json" }\n'
        'export * as d from "e" assert { type: "json" }'
    ),
    "a phase of a declaration": 'import defer * as a from "b"',
    "an alias of a type": "import type A = B.C",
    "an export of an import": 'export import a = require("b")',
    "names that are type": 'export { type }\nimport { type as } from "a"\nimport { type as as b } from "c"',
    "global in a module": 'declare module "a" { global { var b: C } }',
    "a decorator behind export": "export @a() @b class C {}",
    "a decorator behind default": "export default @a(b()) class C {}",
    "an abstract class without a name": "export default abstract class { }",
    "signatures of the default": (
        "export default function f(a: string): void;\nexport default function f(a: { b: C }): { d: E };\n"
        "export default function f(a: any) { return a }"
    ),
    "a default without a name": "export default function (a: B): { c: D };",
    "a default of many lines": "export default function (\n  a: B,\n  c: D,\n): E | void;",
}
"""What stands at the top level of a module."""

AROUND = {
    "alone": "{}\n",
    "behind another construct": "interface V<in T> { u: T }\nexport type * from 'w';\n{}\n",
    "before generic code": "{}\nconst x = <T,>(y: T): y is T => y.z < y.length && y.w > (1)\n",
    "in a function": "async function x() {\n  y()\n  {}\n  return z\n}\n",
}
"""Code around a statement, which stands for `{}`."""


def modules() -> dict[str, str]:
    """The constructs in every place where they can stand."""
    found = {f"{name}, alone": text + "\n" for name, text in DECLARATIONS.items()}
    for place, around in AROUND.items():
        for name, text in STATEMENTS.items():
            found[f"{name}, {place}"] = around.replace("{}", text)
    return found
