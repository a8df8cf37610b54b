export { formatPolicy, type PostfixLevel, type PostfixPolicy } from "./level.ts";
export { netstring, type NetstringDecoder, netstringDecoder } from "./netstring.ts";
export { formatNextHop, type NextHop, parseNextHop } from "./next-hop.ts";
export { type DecidedHost, projectPostfix, type Projected } from "./project.ts";
export { NOT_EXPRESSED, type Row, type RowName, ROWS } from "./rows.ts";
export { formatReply, parseRequest, type SocketmapReply, type SocketmapRequest } from "./socketmap.ts";
