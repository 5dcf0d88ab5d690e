"""Words that are names in TypeScript although they look like keywords, and places where names stand."""

from __future__ import annotations

_KEYWORDS = """
abstract accessor any as asserts assert async bigint boolean break case catch class const
constructor continue debugger declare default defer delete do else enum export extends false
finally for from function get global if implements import in infer instanceof interface intrinsic
is keyof let meta module namespace never new null number object of out override package private
protected public readonly require return satisfies set static string super switch symbol target
this throw true try type typeof undefined unique unknown using var void while with source
"""
LIKE_OPERATORS = (
    "in_",
    "in1",
    "in$",
    "inö",
    "int",
    "input",
    "instanceof_",
    "instanceof$",
    "instanceof9",
    "instance",
)
WORDS = (*_KEYWORDS.split(), *LIKE_OPERATORS)

PLACES = {
    "after less": "let i = 0, W = [1];\nif (i < W.length) { f(i) }",
    "in a loop": "function f(W: any[]) { for (let i = 0; i < W.length; i++) { g(W[i]) } }",
    "called after less": "function f(W: any) { return a < W() }",
    "less and": "function f(W: any) { return a < W && b > c }",
    "index after less": "function f(W: any) { return a < W[0] }",
    "less in brackets": "const f = (W: any) => g(a < W.length, b)",
    "less after a cast": "const f = (W: any) => (a as number) < W",
    "a statement": "function f(W: any) {\n  g()\n  W.x = 1\n}",
    "a call": "function f(W: any) {\n  g()\n  W(1)\n}",
    "after a declaration": "function f(W: any) {\n  let q = g\n  W.a()\n}",
    "a field": "class A {\n  a = 1\n  W = 2\n}",
    "a field with a type": "class A {\n  a: string\n  W: string\n}",
    "a bare field": "class A {\n  a\n  W\n  b\n}",
    "a method": "class A {\n  a = 1\n  W() { return 1 }\n}",
    "a method after a type": "class A {\n  a: string\n  W() { return 1 }\n}",
    "a member": "interface A {\n  a: string\n  W: string\n}",
    "a method of an interface": "interface A {\n  a: string\n  W(): string\n}",
    "an optional member": "type A = {\n  a: string\n  W?: string\n}",
    "a field that is private": "class A { private W: string; readonly W: string }",
    "an object": "function f(W: any) { return { a, W } }",
    "a parameter": "function f(W: any, b?: any) { return W }",
    "parameters that are fields": "class A { constructor(private W: string, readonly a: W) {} }",
    "a declaration": "let W: string = 'a'",
    "a chain": "const x = o.W, y = o?.W",
    "a guard": "function f(W: any): W is string { return true }",
    "an assertion": "function f(W: any): asserts W is string { }",
}
ALSO_RIGHT = (
    "const f = a ? () => { return } : b",
    "const f = a ? () => {return} : b",
    "const f = a ? () => { let c } : b",
    "const f = a ? () => { let c: string } : b",
    "const f = a ? class { a } : b",
    "while (1) { const f = a ? () => { debugger } : b }",
    "class A {\n  a\n  *b() {}\n}",
    "interface A {\n  a: string\n  <T>(b: T): c\n}",
    "interface A<in T> { a(b: T): void }",
    "interface A<\n  in T extends B = never,\n  in out U = C,\n  out V\n> { a: V }",
    "class A<in T, out U> { a = b < out }",
    "export type * from './a';",
    "export type * as a from './a';",
)

UNREADABLE = {
    "after a declaration": {"interface"},
    "a statement": {"interface"},
    "a call": {"interface"},
    "a guard": {"abstract"},
}
"""What TypeScript takes and the grammar does not: words that no module can have as names, and one guard."""
