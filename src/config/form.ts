// The forms that written values have: mappings with known keys, lists, texts, numbers, choices. A form checks a value, says
// where it is wrong, turns it into what the house uses, and writes itself as JSON Schema (draft 2020-12) for editors.
// Small and our own: zod, which was here, took a quarter of a start and 12 MB, mostly for languages and formats that no
// configuration needs. It knows no key of ours; sentences are made by who asks, or by the form that is told them.

import type { Path } from './problems.ts';
import { ValueError } from './value-error.ts';

/** What the JSON Schema tells an editor about a value. */
export interface Words {
  readonly description?: string;
  readonly examples?: string[];
  readonly pattern?: string;
  readonly default?: unknown;
}

/** Something that does not fit, before it is said in words. */
export interface Misfit {
  /** `kind`: another kind of value belongs here. `keys`: some are unknown. `length`: the list is too long. `value`: the rest. */
  readonly code: 'kind' | 'keys' | 'length' | 'value';
  readonly path: Path;
  readonly input: unknown;
  readonly expected?: 'object' | 'record' | 'array' | 'string' | 'number' | 'boolean';
  readonly keys?: readonly string[];
  readonly maximum?: number;
}

export interface Issue extends Misfit {
  readonly message: string;
}

/** Undefined: somebody else says it. */
export type Sentence = (misfit: Misfit) => string | undefined;

export type Checked<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly issues: readonly Issue[] };

/** What a form makes of a value that fits. */
export type Output<F> = F extends Form<infer T> ? T : never;

type AnyForm = Form<unknown>;
type Shape = Readonly<Record<string, AnyForm>>;
type MayMiss<S extends Shape> = { [K in keyof S]: undefined extends Output<S[K]> ? K : never }[keyof S];
type ObjectOutput<S extends Shape> = { [K in Exclude<keyof S, MayMiss<S>>]: Output<S[K]> } & {
  [K in MayMiss<S>]?: Output<S[K]>;
};
type Json = Record<string, unknown>;

/** One check under way: what was found, and who says it when no form does. */
class Findings {
  readonly issues: Issue[] = [];
  readonly #sentence: Sentence;

  constructor(sentence: Sentence) {
    this.#sentence = sentence;
  }

  add(misfit: Misfit, own?: Sentence): void {
    this.say(misfit, own?.(misfit) ?? this.#sentence(misfit) ?? 'this value does not fit');
  }

  say(misfit: Misfit, message: string): void {
    this.issues.push({ ...misfit, message });
  }
}

export abstract class Form<T> {
  words: Words = {};
  readonly sentence: Sentence | undefined;

  constructor(sentence?: Sentence) {
    this.sentence = sentence;
  }

  /** Means something only where it adds nothing to `findings`. */
  abstract take(input: unknown, path: Path, findings: Findings): T;

  /** Of what is written. */
  abstract json(): Json;

  safeParse(input: unknown, sentence: Sentence = () => undefined): Checked<T> {
    const findings = new Findings(sentence);
    const data = this.take(input, [], findings);
    return findings.issues.length === 0
      ? { success: true, data }
      : { success: false, issues: findings.issues };
  }

  optional(): Optional<this> {
    return new Optional(this);
  }

  describe(description: string): this {
    return this.meta({ description });
  }

  /** The same form with these words besides those that it has. */
  meta(words: Words): this {
    const told = Object.create(this) as this;
    told.words = { ...this.words, ...words };
    return told;
  }

  /** What `read` makes of it, or refuses with a ValueError. */
  transform<To>(read: (value: T) => To): Form<To> {
    return new Transformed(this, read);
  }
}

class Optional<F extends AnyForm> extends Form<Output<F> | undefined> {
  readonly inner: F;

  constructor(inner: F) {
    super();
    this.inner = inner;
  }

  unwrap(): F {
    return this.inner;
  }

  override take(input: unknown, path: Path, findings: Findings): Output<F> | undefined {
    return input === undefined ? undefined : (this.inner.take(input, path, findings) as Output<F>);
  }

  override json(): Json {
    return { ...this.words, ...this.inner.json(), ...this.words };
  }
}

class Transformed<From, To> extends Form<To> {
  readonly inner: Form<From>;
  readonly read: (value: From) => To;

  constructor(inner: Form<From>, read: (value: From) => To) {
    super();
    this.inner = inner;
    this.read = read;
  }

  override take(input: unknown, path: Path, findings: Findings): To {
    const before = findings.issues.length;
    const value = this.inner.take(input, path, findings);
    if (findings.issues.length > before) return undefined as To;
    try {
      return this.read(value);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      findings.say({ code: 'value', path, input }, error.message);
      return undefined as To;
    }
  }

  override json(): Json {
    return { ...this.inner.json(), ...this.words };
  }
}

/** One kind of plain value, perhaps of a few only. */
class Plain<T> extends Form<T> {
  readonly isRight: (input: unknown) => boolean;
  readonly misfit: Pick<Misfit, 'code' | 'expected'>;
  readonly kind: Json;

  constructor(
    isRight: (input: unknown) => boolean,
    misfit: Plain<T>['misfit'],
    kind: Json,
    sentence?: Sentence,
  ) {
    super(sentence);
    this.isRight = isRight;
    this.misfit = misfit;
    this.kind = kind;
  }

  override take(input: unknown, path: Path, findings: Findings): T {
    if (!this.isRight(input)) findings.add({ ...this.misfit, path, input }, this.sentence);
    return input as T;
  }

  override json(): Json {
    return { ...this.kind, ...this.words };
  }
}

class OneOf<T> extends Form<T> {
  readonly options: readonly Form<T>[];

  constructor(options: readonly Form<T>[], sentence: Sentence) {
    super(sentence);
    this.options = options;
  }

  override take(input: unknown, path: Path, findings: Findings): T {
    for (const option of this.options) {
      const checked = option.safeParse(input);
      if (checked.success) return checked.data;
    }
    findings.add({ code: 'value', path, input }, this.sentence);
    return undefined as T;
  }

  override json(): Json {
    return { anyOf: this.options.map((option) => option.json()), ...this.words };
  }
}

class List<F extends AnyForm> extends Form<Output<F>[]> {
  readonly element: F;
  readonly maximum: number | null;

  constructor(element: F, maximum: number | null = null) {
    super();
    this.element = element;
    this.maximum = maximum;
  }

  max(maximum: number): List<F> {
    return new List(this.element, maximum);
  }

  override take(input: unknown, path: Path, findings: Findings): Output<F>[] {
    if (!Array.isArray(input)) {
      findings.add({ code: 'kind', expected: 'array', path, input });
      return [];
    }
    if (this.maximum !== null && input.length > this.maximum) {
      findings.add({ code: 'length', maximum: this.maximum, path, input }); // what is in it is not looked at
      return [];
    }
    return input.map((item, at) => this.element.take(item, [...path, at], findings) as Output<F>);
  }

  override json(): Json {
    const bound = this.maximum === null ? {} : { maxItems: this.maximum };
    return { ...bound, type: 'array', items: this.element.json(), ...this.words };
  }
}

/** A mapping whose keys are free, names of zones say. */
class Mapping<F extends AnyForm> extends Form<Record<string, Output<F>>> {
  readonly valueType: F;

  constructor(valueType: F) {
    super();
    this.valueType = valueType;
  }

  override take(input: unknown, path: Path, findings: Findings): Record<string, Output<F>> {
    if (!isMapping(input)) {
      findings.add({ code: 'kind', expected: 'record', path, input });
      return {};
    }
    const entries = Object.entries(input).filter(([key]) => key !== '__proto__');
    return Object.fromEntries(
      entries.map(([key, value]) => [key, this.valueType.take(value, [...path, key], findings) as Output<F>]),
    );
  }

  override json(): Json {
    return {
      ...{ type: 'object', propertyNames: { type: 'string' } },
      ...{ additionalProperties: this.valueType.json(), ...this.words },
    };
  }
}

/** A mapping with these keys and no others. */
class StrictObject<S extends Shape> extends Form<ObjectOutput<S>> {
  readonly shape: S;

  constructor(shape: S, sentence?: Sentence) {
    super(sentence);
    this.shape = shape;
  }

  override take(input: unknown, path: Path, findings: Findings): ObjectOutput<S> {
    const taken: Record<string, unknown> = {};
    if (!isMapping(input)) {
      findings.add({ code: 'kind', expected: 'object', path, input }, this.sentence);
      return taken as ObjectOutput<S>;
    }
    for (const [key, form] of Object.entries(this.shape)) {
      const value = form.take(ownValue(input, key), [...path, key], findings);
      if (value !== undefined || Object.hasOwn(input, key)) taken[key] = value;
    }
    const keys = Object.keys(input).filter((key) => !Object.hasOwn(this.shape, key));
    if (keys.length > 0) findings.add({ code: 'keys', keys, path, input });
    return taken as ObjectOutput<S>;
  }

  override json(): Json {
    const entries = Object.entries(this.shape);
    const required = entries.filter(([, form]) => !(form instanceof Optional)).map(([key]) => key);
    return {
      type: 'object',
      properties: Object.fromEntries(entries.map(([key, form]) => [key, form.json()])),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
      ...this.words,
    };
  }
}

function isMapping(input: unknown): input is object {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function ownValue(of: object, key: string): unknown {
  return Object.hasOwn(of, key) ? (of as Record<string, unknown>)[key] : undefined;
}

type Choice = readonly [string, ...string[]];

export const form = {
  string: (sentence?: Sentence) =>
    new Plain<string>(
      (input) => typeof input === 'string',
      { code: 'kind', expected: 'string' },
      { type: 'string' },
      sentence,
    ),
  boolean: () =>
    new Plain<boolean>(
      (input) => typeof input === 'boolean',
      { code: 'kind', expected: 'boolean' },
      { type: 'boolean' },
    ),
  /** A whole number within bounds. */
  int: (minimum: number, maximum: number, sentence: Sentence) =>
    new Plain<number>(
      (input) => Number.isSafeInteger(input) && Number(input) >= minimum && Number(input) <= maximum,
      { code: 'kind', expected: 'number' },
      { type: 'integer', minimum, maximum },
      sentence,
    ),
  literal: <const T extends boolean>(only: T) =>
    new Plain<T>((input) => input === only, { code: 'value' }, { type: typeof only, const: only }),
  enum: <const T extends Choice>(choices: T, sentence: Sentence) =>
    new Plain<T[number]>(
      (input) => choices.some((choice) => choice === input),
      { code: 'value' },
      { type: 'string', enum: [...choices] },
      sentence,
    ),
  union: <const F extends readonly AnyForm[]>(options: F, sentence: Sentence) =>
    new OneOf<Output<F[number]>>(options as readonly Form<Output<F[number]>>[], sentence),
  array: <F extends AnyForm>(element: F) => new List(element),
  record: <F extends AnyForm>(valueType: F) => new Mapping(valueType),
  strictObject: <S extends Shape>(shape: S, sentence?: Sentence) => new StrictObject(shape, sentence),
};
