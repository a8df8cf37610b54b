/** The blocks of one label in PEM text, in order, each with its lines of BEGIN and END; text between blocks is passed over. */
export function splitPem(text: string, label: string): readonly string[] {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const blocks: string[] = [];
  let at = text.indexOf(begin);
  while (at >= 0) {
    const stop = text.indexOf(end, at);
    if (stop < 0) break;
    blocks.push(`${text.slice(at, stop + end.length)}\n`);
    at = text.indexOf(begin, stop);
  }
  return blocks;
}
