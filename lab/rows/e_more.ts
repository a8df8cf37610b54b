import type { Attack, Expectations, Scenario, StsSpec, Variant, WireAttack } from "../types.ts";
import { vector } from "./expect.ts";

/** More of group E: what a policy may say, who speaks for it, and the states that it lives through. */
export const GROUP_E_MORE: readonly Scenario[] = [
  {
    row: "E13",
    position: "MS",
    variants: [
      invalid("any-name", "*"),
      invalid("any-name-with-a-dot", "*."),
      invalid("any-name-below-the-top", "*.test", "E"),
      invalid("dot-before", ".T"),
      invalid("star-twice", "*.*.T"),
      invalid("part-of-a-label", "m*.T"),
      invalid("dot-behind", "mx.T."),
      invalid("u-label", "m\u00fcx.T"),
      pattern("one-label-alone", ["*.T"], "a.b.T"),
      pattern("not-the-domain-itself", ["*.T"], "T"),
      pattern("end-of-a-name", ["*.T"], "mx.E"),
      pattern("address", ["10.0.0.1"], "mx.E"),
      fine("capitals", { sts: { mx: ["MX.T"] } }),
      fine("a-label", { mx: ["xn--mx-xka.T"], sts: { mx: ["xn--mx-xka.T"] } }),
    ],
  },
  {
    row: "E20",
    position: "HP",
    variants: [
      {
        id: "",
        attack: {
          world: {
            remove: ["mta-sts.T A"],
            add: ["mta-sts.T CNAME gone.P", "gone.P A 127.0.0.1"],
            hosts: { "mx.E": { owner: "attacker" } },
            sts: { ...renewed(), mx: ["mx.E"] },
          },
          dns: [{ at: "T MX", does: { kind: "forge", records: ["T MX 10 mx.E"] } }],
        },
      },
    ],
  },
  {
    row: "E21",
    position: "OP",
    variants: [
      { id: "", attack: { ...denied(), later: [{ by: retry(), restart: true }] } },
      {
        id: "fetched-before",
        policies: ["P5f"],
        attack: {
          smtp: { "mx.T": { kind: "refuse" } },
          later: [{ by: retry(), restart: true, attack: denied() }],
        },
        expect: vector(
          "P5f D",
          "RFC 8461 §3.3: the first attempt fetched the policy, and one that was fetched binds until its max_age is over",
        ),
      },
    ],
  },
  {
    row: "E23",
    position: "AC",
    variants: [
      { ...thenIntercepts("reset", { on: "hello", kind: "reset", when: "command" }), expect: secondTry() },
      {
        ...thenIntercepts("alert", { on: "hello", kind: "answer", text: "\x15\x03\x03\x00\x02\x02\x28" }),
        expect: secondTry(),
      },
      thenIntercepts("not-taken", { on: "STARTTLS", kind: "answer", text: "454 4.7.0 not now\r\n" }),
    ],
  },
  {
    row: "E24",
    position: "AC",
    variants: [
      {
        id: "",
        attack: {
          ...denied(),
          world: { sts: { maxAge: 86_400 } },
          later: [{ by: retry(), clock: 3 * 86_400_000 }],
        },
      },
    ],
  },
];

/** Nobody learns of a policy who does not know it, and STARTTLS is taken away. */
function denied(): Pick<Attack, "dns" | "smtp"> {
  const steps = [{ on: "EHLO", kind: "drop-lines", beginning: "STARTTLS" }] as const;
  return {
    dns: [{ at: "_mta-sts.T TXT", does: { kind: "nodata" } }],
    smtp: { "mx.T": { kind: "script", steps } },
  };
}

/** Milliseconds after which what was deferred has been tried again. */
function retry(): number {
  return 13 * 3_600_000;
}

function secondTry(): Expectations {
  return vector(
    "P5t I",
    "RFC 8461 §5: testing blocks nothing, and a second handshake comes before clear text; whoever answers it reads along",
  );
}

/** The policy that is served has a pattern that means nothing, so that it is no policy, as in E08. */
function invalid(id: string, text: string, host = "mx.E"): Variant {
  return {
    ...pattern(id, [text], host),
    expect: vector(
      "P5f I",
      "RFC 8461 §3.2: such a pattern is outside the grammar, and what is no policy does not bind at the first contact, as in E08",
    ),
  };
}

/** MX is forged; the host that it names shows a certificate that is good for its name. */
function pattern(id: string, mx: readonly string[], host: string): Variant {
  return {
    id,
    attack: {
      world: { hosts: { [host]: { owner: "attacker" } }, sts: { ...renewed(), mx } },
      dns: [{ at: "T MX", does: { kind: "forge", records: [`T MX 10 ${host}`] } }],
    },
  };
}

/** Nobody attacks, and the pattern is good however it looks. */
function fine(id: string, world: NonNullable<Attack["world"]>): Variant {
  return {
    id,
    attack: { world: { ...world, sts: { ...renewed(), ...world.sts } } },
    expect: vector(
      "P5t U, P5f P5c S",
      "RFC 8461 §4.1: the host matches, for case means nothing and A-labels are names",
    ),
  };
}

/** The first connection fails on its way into TLS; on the next one the attacker ends TLS himself. */
function thenIntercepts(id: string, step: Extract<WireAttack, { kind: "script" }>["steps"][number]): Variant {
  const turns = [
    { kind: "script", steps: [step] },
    { kind: "terminate", certificate: { by: "self" } },
  ] as const;
  return { id, attack: { smtp: { "mx.T": { kind: "in-turn", turns } } } };
}

/** The victim says that its policy is a new one. */
function renewed(): StsSpec {
  return { txt: ["v=STSv1; id=2;"] };
}
