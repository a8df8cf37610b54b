/** A ClientHello of TLS 1.2 and 1.3 with the octets given as its server name; good enough to be answered. */
export function clientHello(serverName: Buffer): Buffer {
  const name = Buffer.concat([Buffer.from([0]), sized(serverName)]);
  const extensions = Buffer.concat([
    extension(0, sized(name)),
    extension(10, Buffer.from([0, 4, 0, 29, 0, 23])),
    extension(13, Buffer.from([0, 8, 4, 3, 8, 4, 4, 1, 8, 7])),
    extension(43, Buffer.from([2, 3, 3])),
  ]);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    sized(Buffer.from([0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30])),
    Buffer.from([1, 0]),
    sized(extensions),
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), sized(body)]);
  return Buffer.concat([Buffer.from([22, 3, 1]), sized(message)]);
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type >> 8, type & 255]), sized(data)]);
}

/** With its length before it, in two octets. */
function sized(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([data.length >> 8, data.length & 255]), data]);
}
