/** The page's look; follows the reader's light or dark setting. */
export const STYLE = `
:root { --ink: #1b1f24; --soft: #57606a; --paper: #fff; --card: #f6f8fa; --line: #d0d7de;
  --good: #116329; --goodbg: #dafbe1; --bad: #a40e26; --badbg: #ffebe9; --mid: #7d4e00; --midbg: #fff8c5; --none: #57606a; --nonebg: #eaeef2; --own: #0969da; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --paper: #0d1117; --card: #161b22; --line: #30363d;
  --good: #7ee787; --goodbg: #12351d; --bad: #ffa198; --badbg: #4c1318; --mid: #f2cc60; --midbg: #3b2a00; --none: #9aa4af; --nonebg: #21262d; --own: #58a6ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 60rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.overview { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; }
.overview div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; font-weight: 600; }
.hops { list-style: none; padding: 0; counter-reset: hop; }
.hop { counter-increment: hop; position: relative; margin: 0 0 0 2.6rem; padding: 0 0 1.2rem 1.2rem; border-left: 3px solid var(--own); overflow-wrap: anywhere; }
.hop.claimed { border-left: 3px dashed var(--line); }
.hop::before { content: counter(hop); position: absolute; left: -2.6rem; width: 1.8rem; height: 1.8rem; border-radius: 50%; background: var(--card); border: 1px solid var(--line); display: grid; place-items: center; font-size: .85rem; }
.hop p { margin: .15rem 0; } .from { color: var(--soft); }
.badge { display: inline-block; border-radius: 1rem; padding: 0 .6rem; font-size: .85rem; font-weight: 600; white-space: nowrap; background: var(--nonebg); color: var(--none); }
.badge.tls, .badge.post-quantum { background: var(--goodbg); color: var(--good); } .badge.weak, .badge.unknown { background: var(--midbg); color: var(--mid); } .badge.cleartext { background: var(--badbg); color: var(--bad); }
.channel span:last-child { font-family: ui-monospace, monospace; font-size: .85rem; }
.trust { color: var(--soft); font-size: .8rem; border: 1px solid var(--line); border-radius: .3rem; padding: 0 .3rem; white-space: nowrap; }
.warn { background: var(--midbg); color: var(--mid); border-radius: .3rem; padding: .2rem .5rem; }
.delay { color: var(--soft); font-size: .9rem; } meter { width: 9rem; vertical-align: middle; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem; font-size: .8rem; }
summary { cursor: pointer; color: var(--soft); font-size: .9rem; } .message > summary { color: var(--ink); padding: .3rem 0; } .message[open] { border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; font-size: .9rem; } th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; } .wide { overflow-x: auto; }
.notes { color: var(--soft); font-size: .9rem; } footer { margin-top: 2rem; color: var(--soft); font-size: .85rem; border-top: 1px solid var(--line); padding-top: .8rem; }
`;
